using Orleans.Concurrency;
using Orleans.Runtime;
using Recsys.Engine.Serving;
using Recsys.Engine.Serving.Distributed;

namespace Recsys.Grains.Serving;

/// <inheritdoc cref="IQueryGrain"/>
[StatelessWorker, Reentrant]
internal sealed class QueryGrain(ServingNode node, PopularFallback popular, ILocalSiloDetails silo) : Grain, IQueryGrain
{
    public Task<RecommendationList> RecommendAsync(RecommendationQuery query, CancellationToken cancellationToken) =>
        node.Answers(query.Model)
            ? node.RecommendAsync(query with { User = null }, cancellationToken)
            : popular.RecommendAsync(query, query.History ?? [], cancellationToken);

    public Task<SearchHit[]> SearchItemsAsync(string text, int limit) =>
        Task.FromResult<SearchHit[]>([.. node.SearchItems(text, limit)]);

    public Task<CategoryCount[]> CategoriesAsync() => Task.FromResult<CategoryCount[]>([.. node.Catalogue.Items.Categories]);

    public Task<ServingSiloStatus> StatusAsync()
    {
        var active = node.Models.Active;
        return Task.FromResult(new ServingSiloStatus(
            silo.SiloAddress.ToString(),
            active.Default,
            active.Active.ToDictionary(),
            [.. active.Active.Keys.Where(m => node.Models.IsPartitioned(m))],
            node.Models.Bytes,
            node.RankedItems,
            new ServingRevision(active.Revision, node.Catalogue.Number)));
    }
}
