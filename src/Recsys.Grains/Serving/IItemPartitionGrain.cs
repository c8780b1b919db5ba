using Orleans.Concurrency;
using Recsys.Engine.Online.Partitioned;

namespace Recsys.Grains.Serving;

/// <summary>One partition of the items. Its key is the partition's number.</summary>
[Alias("recsys.items")]
public interface IItemPartitionGrain : IGrainWithIntegerKey, IItemSide
{
    /// <summary>What users make of an item; null where no event named it.</summary>
    [Alias("find"), AlwaysInterleave]
    Task<ItemStatistics?> FindAsync(string item);

    /// <summary>The most popular items of the partition that a query allows.</summary>
    [Alias("popular"), AlwaysInterleave]
    Task<PopularItems> PopularAsync(int count, [Immutable] PopularFilter filter);

    /// <summary>Position of each event partition up to which it is applied here.</summary>
    [Alias("applied"), AlwaysInterleave]
    Task<long[]> AppliedAsync();
}
