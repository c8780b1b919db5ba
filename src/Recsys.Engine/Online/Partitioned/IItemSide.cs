namespace Recsys.Engine.Online.Partitioned;

/// <summary>A partition of the items, as event partitions see it: here or behind an address.</summary>
public interface IItemSide
{
    /// <summary>
    /// Applies a batch, once. Returns the position up to which the source's shares are known from now on: if that is
    /// below the batch's From, one is missing (this partition may have been lost and begun anew) and nothing was applied:
    /// send all items.
    /// </summary>
    ValueTask<long> ApplyAsync(ItemSideBatch batch, CancellationToken cancellationToken = default);
}
