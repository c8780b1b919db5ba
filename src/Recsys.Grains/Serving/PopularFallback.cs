using Recsys.Engine.Online.Partitioned;
using Recsys.Engine.Serving;
using Recsys.Engine.Serving.Distributed;

namespace Recsys.Grains.Serving;

/// <summary>What is popular now, from all item partitions: the answer where no model is active.</summary>
internal sealed class PopularFallback(RecsysServingOptions options, ServingNode node, IGrainFactory grains)
{
    /// <summary>Version of rankings that follow every event.</summary>
    public const string LiveVersion = "live";

    /// <summary>The most popular items by the filters of a query.</summary>
    public async Task<RecommendationList> RecommendAsync(
        RecommendationQuery query, IReadOnlyList<HistoryItem> seen, CancellationToken cancellationToken)
    {
        ServingNode.Check(query);
        string[] exclude = query.KeepSeen ? [.. query.Exclude] : [.. query.Exclude, .. seen.Select(s => s.Item)];
        var filter = new PopularFilter([.. query.Categories], exclude, query.Allow is null ? null : [.. query.Allow]);
        int wanted = (int)Math.Min((long)query.Offset + query.Count, int.MaxValue);
        var partitions = await Task.WhenAll(Enumerable.Range(0, options.ItemPartitions)
            .Select(p => grains.Known<IItemPartitionGrain>(p).PopularAsync(wanted, filter))).WaitAsync(cancellationToken);
        var ranking = PopularRanking.Merge(
            [.. partitions.Select(p => ((IReadOnlyList<ItemStatistics>)p.Items, p.TotalMass, p.Landmark))], options.Events.PopularityHalfLife, wanted);
        return new RecommendationList(
            ModelRecommender.FallbackModel,
            LiveVersion,
            Fallback: query.Model != ModelRecommender.FallbackModel,
            [.. ranking.Skip(query.Offset).Select(r => new RecommendedItem(r.Item, r.Share, node.Catalogue.Items.Find(r.Item)?.Name))]);
    }
}
