using Recsys.Engine.Ease;
using Recsys.Engine.Models;
using Recsys.Engine.Serving.Distributed;

namespace Recsys.Engine.Serving;

/// <summary>A history that events weigh, as a trained model takes it.</summary>
/// <param name="Items">What is scored.</param>
/// <param name="Disliked">What is not scored and not returned either, unless the query keeps what was seen.</param>
internal readonly record struct PresentHistory(IReadOnlyList<HistoryItem> Items, string[] Disliked)
{
    /// <summary>
    /// Item–item models that were trained on whether users have items get just that: what is liked counts as 1, what is
    /// disliked does not count and is not returned either, as with exact streaming EASE. The others get the weights.
    /// </summary>
    public static PresentHistory For(IRecommenderModel model, IReadOnlyList<HistoryItem> history)
    {
        bool weights = model is not (ItemWeightModel or PartitionedFront { Als: null }) || model.Histories.HasValues;
        return weights || history.All(h => h.Weight == 1)
            ? new PresentHistory(history, [])
            : new PresentHistory(
                [.. history.Where(h => h.Weight > 0).Select(h => h with { Weight = 1 })],
                [.. history.Where(h => h.Weight <= 0).Select(h => h.Item)]);
    }

    /// <summary>A query for its history as a model takes it.</summary>
    public static RecommendationQuery For(IRecommenderModel model, RecommendationQuery query)
    {
        var present = For(model, query.History!);
        return ReferenceEquals(present.Items, query.History) ? query : present.Filter(query with { History = present.Items });
    }

    /// <summary>A query that leaves out what is disliked.</summary>
    public RecommendationQuery Filter(RecommendationQuery query) =>
        Disliked.Length == 0 || query.KeepSeen ? query : query with { Exclude = [.. query.Exclude, .. Disliked] };
}
