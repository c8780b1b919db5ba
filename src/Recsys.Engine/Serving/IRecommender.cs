namespace Recsys.Engine.Serving;

/// <summary>
/// Recommendations by id, wherever they are computed: in this process or on a cluster. The face that the HTTP service,
/// the page and client programs talk to. Safe for any number of concurrent callers.
/// </summary>
public interface IRecommender
{
    /// <summary>
    /// The best items for a user, or for the history in the query. A user of whom nothing is known gets popular items,
    /// marked as a fallback; never an error.
    /// </summary>
    /// <exception cref="InvalidOptionException">The query asks for something there is not, e.g. an unknown model.</exception>
    ValueTask<RecommendationList> RecommendAsync(RecommendationQuery query, CancellationToken cancellationToken = default);

    /// <summary>The items most like one, or those that suppress it most.</summary>
    /// <exception cref="Data.UnknownIdException">The item is unknown.</exception>
    ValueTask<RecommendationList> SimilarAsync(SimilarQuery query, CancellationToken cancellationToken = default);

    /// <summary>What is known of a user; null when nothing is.</summary>
    ValueTask<UserRecord?> GetUserAsync(string user, CancellationToken cancellationToken = default);

    /// <summary>What is known of an item; null when it is unknown.</summary>
    ValueTask<ItemRecord?> GetItemAsync(string item, CancellationToken cancellationToken = default);

    /// <summary>Items or users whose id or name contains a text, at most <paramref name="limit"/>.</summary>
    ValueTask<IReadOnlyList<SearchHit>> SearchAsync(SearchKind kind, string text, int limit, CancellationToken cancellationToken = default);

    /// <summary>Which model is live, how many users, items and events there are.</summary>
    ValueTask<RecommenderStatus> GetStatusAsync(CancellationToken cancellationToken = default);

    /// <summary>The categories items are described with, by name.</summary>
    ValueTask<IReadOnlyList<CategoryCount>> GetCategoriesAsync(CancellationToken cancellationToken = default);
}
