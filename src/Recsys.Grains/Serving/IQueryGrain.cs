using Orleans.Concurrency;
using Recsys.Engine.Serving;

namespace Recsys.Grains.Serving;

/// <summary>Questions that are about no one user or item; answered in the silo that is asked. Any key.</summary>
[Alias("recsys.queries")]
public interface IQueryGrain : IGrainWithIntegerKey
{
    /// <summary>The best items for the query's history; popular ones without.</summary>
    [Alias("recommend")]
    Task<RecommendationList> RecommendAsync([Immutable] RecommendationQuery query, CancellationToken cancellationToken);

    /// <summary>Questions to a new user, and recommendations from the answers so far.</summary>
    [Alias("next")]
    Task<OnboardingStep> NextAsync([Immutable] OnboardingQuery query, CancellationToken cancellationToken);

    /// <summary>Items whose id or name contains a text.</summary>
    [Alias("search")]
    Task<SearchHit[]> SearchItemsAsync(string text, int limit);

    /// <summary>The categories of items.</summary>
    [Alias("categories")]
    Task<CategoryCount[]> CategoriesAsync();

    /// <summary>What this silo serves.</summary>
    [Alias("silo")]
    Task<ServingSiloStatus> StatusAsync();
}
