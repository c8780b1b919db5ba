using Recsys.Engine;
using Recsys.Engine.Online.Partitioned;
using Recsys.Engine.Serving.Distributed;

namespace Recsys.Grains.Serving;

/// <summary>An <see cref="ItemPartition"/> behind an address.</summary>
[CollectionAgeLimit(AlwaysActive = true)]
internal sealed class ItemPartitionGrain(RecsysServingOptions options, ServingNode node) : Grain, IItemPartitionGrain
{
    private readonly ItemPartition _items = new(options.EventPartitions, options.Events.PopularityHalfLife);

    public override Task OnActivateAsync(CancellationToken cancellationToken) =>
        (ulong)this.GetPrimaryKeyLong() < (ulong)options.ItemPartitions
            ? Task.CompletedTask
            : throw new InvalidOptionException($"there is no item partition {this.GetPrimaryKeyLong()}; there are {options.ItemPartitions}");

    public ValueTask<long> ApplyAsync(ItemSideBatch batch, CancellationToken cancellationToken) => _items.ApplyAsync(batch, cancellationToken);

    public Task<ItemStatistics?> FindAsync(string item) => Task.FromResult(_items.Find(item));

    public Task<PopularItems> PopularAsync(int count, PopularFilter filter)
    {
        var popular = _items.Popular(count, node.Allows(filter.Categories, filter.Exclude, filter.Allow));
        return Task.FromResult(new PopularItems([.. popular], _items.TotalMass, _items.Landmark, _items.Items));
    }

    public Task<long[]> AppliedAsync() => Task.FromResult<long[]>([.. _items.Applied]);
}
