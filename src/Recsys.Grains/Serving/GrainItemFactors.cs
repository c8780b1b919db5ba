using Recsys.Engine.Online.Partitioned;

namespace Recsys.Grains.Serving;

/// <summary>An item partition grain as the factors of its items.</summary>
internal sealed class GrainItemFactors(IItemPartitionGrain grain) : IItemFactorSide
{
    // Whoever exchanges factors asks again before long: it need not wait for as long as a silo that was lost is looked for.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    /// <summary>Those of all item partitions.</summary>
    public static IItemFactorSide[] All(RecsysServingOptions options, IGrainFactory grains) =>
        [.. Enumerable.Range(0, options.ItemPartitions).Select(p => new GrainItemFactors(grains.GetGrain<IItemPartitionGrain>(p)))];

    public async ValueTask<long> ApplyFactorsAsync(ItemFactorBatch batch, CancellationToken cancellationToken = default) =>
        await grain.ApplyFactorsAsync(batch, cancellationToken).WaitAsync(Patience, cancellationToken).ConfigureAwait(false);

    public async ValueTask<ItemFactorChanges> ReadFactorsAsync(ItemFactorQuery query, CancellationToken cancellationToken = default) =>
        await grain.ReadFactorsAsync(query, cancellationToken).WaitAsync(Patience, cancellationToken).ConfigureAwait(false);
}
