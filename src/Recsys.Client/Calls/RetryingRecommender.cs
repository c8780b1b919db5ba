using Recsys.Engine.Serving;
using Recsys.Grains.Serving;

namespace Recsys.Client.Calls;

/// <summary>A recommender whose calls are repeated when a silo goes away.</summary>
internal sealed class RetryingRecommender(ClusterRecommender inner, CallRetry retry) : IRecommender, IOnboarding
{
    public ValueTask<RecommendationList> RecommendAsync(RecommendationQuery query, CancellationToken cancellationToken = default) =>
        retry.AskAsync(static (s, t) => s.inner.RecommendAsync(s.query, t), (inner, query), cancellationToken);

    public ValueTask<RecommendationList> SimilarAsync(SimilarQuery query, CancellationToken cancellationToken = default) =>
        retry.AskAsync(static (s, t) => s.inner.SimilarAsync(s.query, t), (inner, query), cancellationToken);

    public ValueTask<OnboardingStep> NextAsync(OnboardingQuery query, CancellationToken cancellationToken = default) =>
        retry.AskAsync(static (s, t) => s.inner.NextAsync(s.query, t), (inner, query), cancellationToken);

    public ValueTask<UserRecord?> GetUserAsync(string user, CancellationToken cancellationToken = default) =>
        retry.AskAsync(static (s, t) => s.inner.GetUserAsync(s.user, t), (inner, user), cancellationToken);

    public ValueTask<ItemRecord?> GetItemAsync(string item, CancellationToken cancellationToken = default) =>
        retry.AskAsync(static (s, t) => s.inner.GetItemAsync(s.item, t), (inner, item), cancellationToken);

    public ValueTask<IReadOnlyList<SearchHit>> SearchAsync(SearchKind kind, string text, int limit, CancellationToken cancellationToken = default) =>
        retry.AskAsync(static (s, t) => s.inner.SearchAsync(s.kind, s.text, s.limit, t), (inner, kind, text, limit), cancellationToken);

    public ValueTask<RecommenderStatus> GetStatusAsync(CancellationToken cancellationToken = default) =>
        retry.AskAsync(static (s, t) => s.GetStatusAsync(t), inner, cancellationToken);

    public ValueTask<IReadOnlyList<CategoryCount>> GetCategoriesAsync(CancellationToken cancellationToken = default) =>
        retry.AskAsync(static (s, t) => s.GetCategoriesAsync(t), inner, cancellationToken);
}
