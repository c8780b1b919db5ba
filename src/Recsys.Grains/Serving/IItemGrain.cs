using Orleans.Concurrency;
using Recsys.Engine.Serving;

namespace Recsys.Grains.Serving;

/// <summary>An item, by id.</summary>
[Alias("recsys.item-grain")]
public interface IItemGrain : IGrainWithStringKey
{
    /// <summary>The items most like it, or those that suppress it most; the query's item is not looked at.</summary>
    [Alias("similar")]
    Task<RecommendationList> SimilarAsync([Immutable] SimilarQuery query, CancellationToken cancellationToken);

    /// <summary>What is known of it; null when it is unknown.</summary>
    [Alias("get")]
    Task<ItemRecord?> GetAsync();

    /// <summary>Replaces what is known of it; durable when it returns.</summary>
    [Alias("upsert")]
    Task UpsertAsync([Immutable] ItemUpdate item);

    /// <summary>Forgets what is known of it, and keeps it from being recommended; returns whether anything was known.</summary>
    [Alias("delete")]
    Task<bool> DeleteAsync();
}
