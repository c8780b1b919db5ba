using Orleans.Runtime;
using Recsys.Engine;
using Recsys.Engine.Online.Partitioned;
using Recsys.Engine.Serving.Distributed;
using Recsys.Engine.Serving.Partitioned;
using Recsys.Engine.Storage;
using Recsys.Grains.Placement;

namespace Recsys.Grains.Serving;

/// <summary>An <see cref="ItemPartition"/>, its <see cref="ItemFactors"/>, and the partition's parts of large models (<see cref="ItemShardSet"/>), behind an address.</summary>
[SpreadPlacement, CollectionAgeLimit(AlwaysActive = true)]
internal sealed class ItemPartitionGrain(RecsysServingOptions options, ServingNode node, IBlobStore blobs, ILocalSiloDetails silo) : Grain, IItemPartitionGrain
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private readonly ItemPartition _items = new(options.EventPartitions, options.Events.PopularityHalfLife);

    private readonly ItemFactors _factors = new(options.EventPartitions);

    private ItemShardSet _shards = null!;

    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        if ((ulong)this.GetPrimaryKeyLong() >= (ulong)options.ItemPartitions)
        {
            throw new InvalidOptionException($"there is no item partition {this.GetPrimaryKeyLong()}; there are {options.ItemPartitions}");
        }

        _shards = new ItemShardSet(blobs, options.ModelFolder, (int)this.GetPrimaryKeyLong(), options.ItemPartitions);
        foreach (var (model, version) in node.Models.Partitioned)
        {
            _shards.PrepareAsync(model, version).Ignore(); // where it fails, questions try again and tell
        }

        return Task.CompletedTask;
    }

    public override Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        _shards?.Dispose();
        return Task.CompletedTask;
    }

    public ValueTask<long> ApplyAsync(ItemSideBatch batch, CancellationToken cancellationToken) => _items.ApplyAsync(batch, cancellationToken);

    // Off the grain's thread: sums of thousands of rows take a while, and questions wait.
    public Task<long> ApplyFactorsAsync(ItemFactorBatch batch, CancellationToken cancellationToken) =>
        Task.Run(() => _factors.Apply(batch), cancellationToken);

    public Task<ItemFactorChanges> ReadFactorsAsync(ItemFactorQuery query, CancellationToken cancellationToken) =>
        Task.Run(() => _factors.Read(query), cancellationToken);

    public Task<ItemStatistics?> FindAsync(string item) => Task.FromResult(_items.Find(item));

    public Task<PopularItems> PopularAsync(int count, PopularFilter filter)
    {
        var popular = _items.Popular(count, node.Allows(filter.Categories, filter.Exclude, filter.Allow));
        return Task.FromResult(new PopularItems([.. popular], _items.TotalMass, _items.Landmark, _items.Items));
    }

    public Task<SiloAddress> WhereAsync() => Task.FromResult(silo.SiloAddress);

    public Task MoveAsync(SiloAddress silo)
    {
        this.MoveTo(silo);
        return Task.CompletedTask;
    }

    public Task<long[]> AppliedAsync() => Task.FromResult<long[]>([.. _items.Applied]);

    public async Task<bool> PrepareAsync(string model, string version)
    {
        try
        {
            await _shards.PrepareAsync(model, version).WaitAsync(Patience);
            return true;
        }
        catch (TimeoutException)
        {
            return false; // it goes on loading
        }
    }

    public async Task<ShardTop> TopAsync(string model, string version, ScoringRequest request, CancellationToken cancellationToken) =>
        ShardTop.Of(await _shards.TopAsync(model, version, request, cancellationToken));

    public Task<float[]> FactorsAsync(string model, string version, int[] items, CancellationToken cancellationToken) =>
        _shards.FactorsAsync(model, version, items, cancellationToken);

    public Task<float[]> CosinesAsync(string model, string version, float[] factors, CancellationToken cancellationToken) =>
        _shards.CosinesAsync(model, version, factors, cancellationToken);

    public Task<float[]> WeightsAsync(string model, string version, int[]? rows, int[] columns, CancellationToken cancellationToken) =>
        _shards.WeightsAsync(model, version, rows, columns, cancellationToken);
}
