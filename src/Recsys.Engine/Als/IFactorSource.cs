namespace Recsys.Engine.Als;

/// <summary>
/// Where the partitions of one process get the other side's whitened rows: each block is fetched once a phase and shared.
/// </summary>
public interface IFactorSource
{
    /// <summary>All rows as whitened for <paramref name="phase"/>.</summary>
    Task<FactorTable> GetAsync(int phase, CancellationToken cancellationToken);
}
