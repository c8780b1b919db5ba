using System.Buffers;
using Recsys.Engine.Serving;

namespace Recsys.Engine.Models;

/// <summary>What models that score into an array share: selection on rented scratch memory.</summary>
internal static class ModelScoring
{
    /// <summary>Fills an array with one score an item.</summary>
    public delegate void Scorer(Span<float> scores);

    /// <summary>Scores everything, then selects the best eligible items.</summary>
    public static int Recommend(IRecommenderModel model, UserProfile user, ItemFilter filter, Span<ScoredItem> results)
    {
        ArgumentNullException.ThrowIfNull(user);
        float[] rented = ArrayPool<float>.Shared.Rent(model.Items.Count);
        try
        {
            var scores = rented.AsSpan(0, model.Items.Count);
            model.Score(user, scores);
            return TopN.Select(scores, user.Items.Span, filter, results);
        }
        finally
        {
            ArrayPool<float>.Shared.Return(rented);
        }
    }

    /// <summary>
    /// Ranks all items but <paramref name="item"/> by a similarity: the highest positive ones or, with
    /// <paramref name="opposite"/>, the most negative ones.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no such item.</exception>
    public static int RankSimilar(int count, int item, bool opposite, ItemFilter filter, Span<ScoredItem> results, Scorer similarity)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)item, (uint)count, nameof(item));
        float[] rented = ArrayPool<float>.Shared.Rent(count);
        try
        {
            var scores = rented.AsSpan(0, count);
            similarity(scores);
            ReadOnlySpan<int> self = [item];
            var others = filter with { KeepSeen = false };
            int found = opposite ? TopN.SelectLowest(scores, self, others, results) : TopN.Select(scores, self, others, results);
            while (found > 0 && (opposite ? results[found - 1].Score >= 0 : results[found - 1].Score <= 0))
            {
                found--;
            }

            return found;
        }
        finally
        {
            ArrayPool<float>.Shared.Return(rented);
        }
    }

    /// <summary>The largest magnitude first, equal ones in item order.</summary>
    public static ScoredItem[] ByMagnitude(ScoredItem[] contributions)
    {
        Array.Sort(contributions, (a, b) =>
        {
            int order = Math.Abs(b.Score).CompareTo(Math.Abs(a.Score));
            return order != 0 ? order : a.Item.CompareTo(b.Item);
        });
        return contributions;
    }
}
