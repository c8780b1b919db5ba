using Recsys.Engine.Online.Partitioned;
using Recsys.Engine.Storage;

namespace Recsys.Engine.Serving.Distributed;

/// <summary>
/// What one process of a cluster serves from: the active models and what is known of items, both following the blob store.
/// </summary>
public sealed class ServingNode : IDisposable
{
    private readonly ModelRecommender _recommender;

    /// <summary>A node that has loaded nothing yet.</summary>
    public ServingNode(IBlobStore blobs, string folder, long modelBytes)
    {
        Models = new ModelCache(blobs, folder, modelBytes);
        Catalogue = new Catalogue(blobs);
        _recommender = new ModelRecommender(Models, Catalogue.Items);
    }

    /// <summary>The models.</summary>
    public ModelCache Models { get; }

    /// <summary>The items.</summary>
    public Catalogue Catalogue { get; }

    /// <summary>Answers from the models alone.</summary>
    public IRecommender Recommender => _recommender;

    /// <summary>Recommends for a user whose history is here.</summary>
    public RecommendationList Recommend(ServedUser user, RecommendationQuery query)
    {
        ArgumentNullException.ThrowIfNull(user);
        ModelRecommender.Check(query);
        return user.Recommend(Models, _recommender, query);
    }

    /// <summary>What is known of an item, with the users it has by the events.</summary>
    public ItemRecord? Describe(string item, ItemStatistics? statistics)
    {
        var known = Catalogue.Items.Find(item);
        return (known is null && statistics is null) || Catalogue.Items.IsDeleted(item)
            ? null
            : new ItemRecord(item, known?.Name, known?.Categories ?? [], known?.Available ?? true, statistics?.Users ?? 0);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Models.Dispose();
        Catalogue.Dispose();
    }
}
