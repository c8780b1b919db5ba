using Recsys.Engine;
using Recsys.Engine.Serving;

namespace Recsys.Silo.Hosting;

/// <summary>A place-holder until the cluster's recommender is merged.</summary>
internal sealed class NoRecommender : IRecommender
{
    public ValueTask<RecommendationList> RecommendAsync(RecommendationQuery query, CancellationToken cancellationToken = default) => throw None();

    public ValueTask<RecommendationList> SimilarAsync(SimilarQuery query, CancellationToken cancellationToken = default) => throw None();

    public ValueTask<UserRecord?> GetUserAsync(string user, CancellationToken cancellationToken = default) => throw None();

    public ValueTask<ItemRecord?> GetItemAsync(string item, CancellationToken cancellationToken = default) => throw None();

    public ValueTask<IReadOnlyList<SearchHit>> SearchAsync(SearchKind kind, string text, int limit, CancellationToken cancellationToken = default) => throw None();

    public ValueTask<RecommenderStatus> GetStatusAsync(CancellationToken cancellationToken = default) => throw None();

    public ValueTask<IReadOnlyList<CategoryCount>> GetCategoriesAsync(CancellationToken cancellationToken = default) => throw None();

    private static InvalidOptionException None() => new("this silo has no model");
}
