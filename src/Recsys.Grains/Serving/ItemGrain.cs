using Orleans.Concurrency;
using Orleans.Placement;
using Recsys.Engine;
using Recsys.Engine.Serving;
using Recsys.Engine.Serving.Distributed;

namespace Recsys.Grains.Serving;

/// <inheritdoc cref="IItemGrain"/>
[Reentrant, PreferLocalPlacement, CollectionAgeLimit(Minutes = 5)]
internal sealed class ItemGrain(RecsysServingOptions options, ServingNode node) : Grain, IItemGrain
{
    private string Id => this.GetPrimaryKeyString();

    private IServingDirectoryGrain Directory => GrainFactory.Known<IServingDirectoryGrain>(0);

    public Task<RecommendationList> SimilarAsync(SimilarQuery query, CancellationToken cancellationToken) =>
        node.SimilarAsync(query with { Item = Id }, cancellationToken);

    public async Task<ItemRecord?> GetAsync() =>
        node.Describe(Id, await GrainFactory.Known<IItemPartitionGrain>(options.ItemPartitionOf(Id)).FindAsync(Id));

    public Task UpsertAsync(ItemUpdate item) => item.Id == Id
        ? Directory.UpsertAsync([item])
        : throw new InvalidOptionException($"an update of another item than '{Id}'");

    public Task<bool> DeleteAsync() => Directory.DeleteAsync(Id);
}
