using Recsys.Engine.Ease;
using Recsys.Engine.Models;

namespace Recsys.Engine.Serving;

/// <summary>A history that events weigh, as a trained model takes it.</summary>
internal static class PresentHistory
{
    /// <summary>
    /// Item–item models that were trained on whether users have items get just that: what is liked counts as 1, what is
    /// disliked does not count and is not returned either, as with exact streaming EASE. The others get the weights.
    /// </summary>
    public static RecommendationQuery For(IRecommenderModel model, RecommendationQuery query)
    {
        var history = query.History!;
        if (model is not ItemWeightModel || model.Histories.HasValues || history.All(h => h.Weight == 1))
        {
            return query;
        }

        return query with
        {
            History = [.. history.Where(h => h.Weight > 0).Select(h => h with { Weight = 1 })],
            Exclude = query.KeepSeen ? query.Exclude : [.. query.Exclude, .. history.Where(h => h.Weight <= 0).Select(h => h.Item)],
        };
    }
}
