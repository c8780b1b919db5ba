namespace Recsys.Engine.Als;

/// <summary>
/// A partition whose state outlives its process. One that was lost comes up with the factors it stored last: where a call
/// needs others it is a <see cref="PartitionBehindException"/>, and the training goes back with all its partitions, in a new attempt.
/// </summary>
public interface IStoredFactorPartition : IFactorPartition
{
    /// <summary>
    /// Ends what earlier attempts have under way, and refuses what still comes of them. Once all partitions have begun an
    /// attempt, nothing of an earlier one, however late it comes, changes factors.
    /// </summary>
    /// <param name="attempt">Its number, greater than those of earlier attempts; the same one again changes nothing.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    /// <exception cref="RecsysException">A later attempt has begun.</exception>
    Task BeginAsync(long attempt, CancellationToken cancellationToken);

    /// <summary>
    /// Holds the factors of the position after half-epoch <paramref name="phase"/>, or those a solve of the next half-epoch has
    /// made of them. When all partitions have begun the attempt, before anything is solved in it.
    /// </summary>
    /// <exception cref="PartitionBehindException">It neither has them nor has stored them.</exception>
    /// <exception cref="RecsysException">A later attempt has begun.</exception>
    Task RestoreAsync(int phase, long attempt, CancellationToken cancellationToken);
}
