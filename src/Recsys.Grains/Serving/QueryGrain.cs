using Orleans.Concurrency;
using Orleans.Runtime;
using Recsys.Engine.Online.Partitioned;
using Recsys.Engine.Serving;
using Recsys.Engine.Serving.Distributed;

namespace Recsys.Grains.Serving;

/// <inheritdoc cref="IQueryGrain"/>
[StatelessWorker, Reentrant]
internal sealed class QueryGrain(ServingNode node, PopularFallback popular, ILocalSiloDetails silo) : Grain, IQueryGrain
{
    public Task<RecommendationList> RecommendAsync(RecommendationQuery query, CancellationToken cancellationToken) =>
        Live(query) is { } list ? Task.FromResult(list)
            : node.Answers(query.Model) && !node.AnswersLive(query.Model)
            ? node.RecommendAsync(query with { User = null }, cancellationToken)
            : popular.RecommendAsync(query, query.History ?? [], cancellationToken);

    public async Task<OnboardingStep> NextAsync(OnboardingQuery query, CancellationToken cancellationToken)
    {
        if (node.Answers(query.Model) && !node.AnswersLive(query.Model))
        {
            return await node.NextAsync(query, cancellationToken);
        }

        // No trained model: nothing to choose questions by.
        query.Check();
        var list = Live(query.Recommendations) ?? await popular.RecommendAsync(query.Recommendations, query.Recommendations.History ?? [], cancellationToken);
        return new OnboardingStep([], query.Count > 0 ? list : list with { Items = [] });
    }

    /// <summary>The live model's answer for the history of a query; null where another one answers, or there is no history.</summary>
    private RecommendationList? Live(RecommendationQuery query) => node.AnswersLive(query.Model)
        ? node.RecommendLive(null, new UserHistory(Known: true, query.History ?? []), query)
        : null;

    public Task<SearchHit[]> SearchItemsAsync(string text, int limit) =>
        Task.FromResult<SearchHit[]>([.. node.SearchItems(text, limit)]);

    public Task<CategoryCount[]> CategoriesAsync() => Task.FromResult<CategoryCount[]>([.. node.Catalogue.Items.Categories]);

    public Task<ServingSiloStatus> StatusAsync()
    {
        var active = node.Models.Active;
        var answering = active.Active.ToDictionary();
        if (node.AnswersLive(LiveLmf.ModelName))
        {
            answering[LiveLmf.ModelName] = LiveRecommender.LiveVersion;
        }

        return Task.FromResult(new ServingSiloStatus(
            silo.SiloAddress.ToString(),
            active.Default ?? (node.AnswersLive(null) ? LiveLmf.ModelName : null),
            answering,
            [.. active.Active.Keys.Where(m => node.Models.IsPartitioned(m))],
            node.Models.Bytes,
            node.RankedItems,
            new ServingRevision(active.Revision, node.Catalogue.Number)));
    }
}
