namespace Recsys.Engine.Als;

/// <summary>
/// A partition whose state outlives its process. One that was lost comes up with the factors it stored last: where a call
/// needs later ones it is a <see cref="PartitionBehindException"/>, and the training goes back with all its partitions.
/// </summary>
public interface IStoredFactorPartition : IFactorPartition
{
    /// <summary>
    /// Holds the factors of the position after half-epoch <paramref name="phase"/>, or those a solve of the next half-epoch has
    /// made of them. What is under way for another position is ended first.
    /// </summary>
    /// <exception cref="PartitionBehindException">It neither has them nor has stored them.</exception>
    Task RestoreAsync(int phase, CancellationToken cancellationToken);
}
