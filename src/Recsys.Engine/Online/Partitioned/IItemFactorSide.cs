namespace Recsys.Engine.Online.Partitioned;

/// <summary>The factors of a partition of the items, as event partitions and servers see them: here or behind an address.</summary>
public interface IItemFactorSide
{
    /// <summary>
    /// Applies a batch, once. Returns the number of the last batch of this instance that is applied: if that is below the
    /// batch's To, it was not: one before it is missing (tell all again), or a later instance speaks for the source.
    /// </summary>
    ValueTask<long> ApplyFactorsAsync(ItemFactorBatch batch, CancellationToken cancellationToken = default);

    /// <summary>The sums that changed.</summary>
    ValueTask<ItemFactorChanges> ReadFactorsAsync(ItemFactorQuery query, CancellationToken cancellationToken = default);
}
