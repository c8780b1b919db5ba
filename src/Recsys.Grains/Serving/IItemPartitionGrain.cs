using Orleans.Concurrency;
using Orleans.Runtime;
using Recsys.Engine.Online.Partitioned;
using Recsys.Engine.Serving.Partitioned;

namespace Recsys.Grains.Serving;

/// <summary>One partition of the items. Its key is the partition's number.</summary>
[Alias("recsys.items")]
public interface IItemPartitionGrain : IGrainWithIntegerKey, IItemSide
{
    /// <inheritdoc cref="IItemFactorSide.ApplyFactorsAsync"/>
    [Alias("apply-factors"), AlwaysInterleave]
    Task<long> ApplyFactorsAsync([Immutable] ItemFactorBatch batch, CancellationToken cancellationToken);

    /// <inheritdoc cref="IItemFactorSide.ReadFactorsAsync"/>
    [Alias("read-factors"), AlwaysInterleave]
    Task<ItemFactorChanges> ReadFactorsAsync([Immutable] ItemFactorQuery query, CancellationToken cancellationToken);

    /// <summary>What users make of an item; null where no event named it.</summary>
    [Alias("find"), AlwaysInterleave]
    Task<ItemStatistics?> FindAsync(string item);

    /// <summary>The most popular items of the partition that a query allows.</summary>
    [Alias("popular"), AlwaysInterleave]
    Task<PopularItems> PopularAsync(int count, [Immutable] PopularFilter filter);

    /// <summary>Position of each event partition up to which it is applied here.</summary>
    [Alias("applied"), AlwaysInterleave]
    Task<long[]> AppliedAsync();

    /// <summary>Loads the partition's part of a model version beside what is there; true when it is there, else ask again.</summary>
    [Alias("prepare"), AlwaysInterleave]
    Task<bool> PrepareAsync(string model, string version);

    /// <inheritdoc cref="Engine.Serving.Distributed.IItemShards.TopAsync"/>
    [Alias("top"), AlwaysInterleave]
    Task<ShardTop> TopAsync(string model, string version, [Immutable] ScoringRequest request, CancellationToken cancellationToken);

    /// <inheritdoc cref="Engine.Serving.Distributed.IItemShards.FactorsAsync"/>
    [Alias("factors"), AlwaysInterleave]
    Task<float[]> FactorsAsync(string model, string version, [Immutable] int[] items, CancellationToken cancellationToken);

    /// <inheritdoc cref="Engine.Serving.Distributed.IItemShards.CosinesAsync"/>
    [Alias("cosines"), AlwaysInterleave]
    Task<float[]> CosinesAsync(string model, string version, [Immutable] float[] factors, CancellationToken cancellationToken);

    /// <inheritdoc cref="Engine.Serving.Distributed.IItemShards.WeightsAsync"/>
    [Alias("weights"), AlwaysInterleave]
    Task<float[]> WeightsAsync(string model, string version, [Immutable] int[]? rows, [Immutable] int[] columns, CancellationToken cancellationToken);

    /// <summary>Where it lives.</summary>
    [Alias("where"), AlwaysInterleave]
    Task<SiloAddress> WhereAsync();

    /// <summary>Moves to a silo as soon as it has nothing to do.</summary>
    [Alias("move")]
    Task MoveAsync(SiloAddress silo);
}
