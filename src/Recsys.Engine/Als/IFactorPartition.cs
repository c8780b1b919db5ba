namespace Recsys.Engine.Als;

/// <summary>
/// The rows of some virtual blocks of one side (users or items), their interactions and their factors. The training
/// loop reaches them through this interface only, so that a partition may live in another process: arguments and results
/// are immutable data. Every call may be repeated: one for a phase that is finished changes nothing and answers as before.
/// </summary>
public interface IFactorPartition
{
    /// <summary>Gives every row that has interactions its seeded initial factors, the others zero. This is phase 0.</summary>
    Task InitializeAsync(CancellationToken cancellationToken);

    /// <summary>
    /// Gram matrices of the factors as half-epoch <paramref name="phase"/> left them (0: the initial ones), summed to the largest
    /// whole subtrees of the virtual blocks.
    /// </summary>
    Task<IReadOnlyList<GramPart>> GramAsync(int phase, CancellationToken cancellationToken);

    /// <summary>
    /// Prepares this side to be the fixed one of half-epoch <paramref name="phase"/>: its rows expressed in
    /// <paramref name="basis"/>, to be handed out by <see cref="GetWhitenedAsync"/>. One that can make the basis by itself may wait until it is asked for them.
    /// </summary>
    Task WhitenAsync(int phase, Lazy<AlsBasis> basis, CancellationToken cancellationToken);

    /// <summary>
    /// Solves all rows of this partition; the other side's whitened rows are fetched from their owners. The basis is computed by
    /// the first who uses it, and by nobody where all partitions are elsewhere and make it there.
    /// </summary>
    Task<HalfEpochReport> SolveAsync(HalfEpoch halfEpoch, Lazy<AlsBasis> basis, CancellationToken cancellationToken);

    /// <summary>
    /// At most <paramref name="maxRows"/> rows from <paramref name="firstRow"/> of a block as whitened for
    /// <paramref name="phase"/>; where the block ends, those of the partition's next blocks may follow. Of
    /// <paramref name="wanted"/>, numbered from <paramref name="firstRow"/>, all have to be right, of others none; not given: all.
    /// </summary>
    ValueTask<FactorBlock> GetWhitenedAsync(
        int phase, int block, int firstRow, int maxRows, RowSelection? wanted, CancellationToken cancellationToken);

    /// <summary>
    /// At most <paramref name="maxRows"/> rows of factors as they are, from <paramref name="firstRow"/> of a block on; where the block
    /// ends, those of the partition's next blocks may follow.
    /// </summary>
    ValueTask<FactorBlock> GetFactorsAsync(int block, int firstRow, int maxRows, CancellationToken cancellationToken);

    /// <summary>Replaces rows of factors: the state after phase <see cref="FactorBlock.Phase"/>, e.g. from the model store.</summary>
    ValueTask PutFactorsAsync(FactorBlock rows, CancellationToken cancellationToken);
}
