using Recsys.Engine.Models;

namespace Recsys.Engine.Tests.Serving;

/// <summary>Selection written the obvious way: filter everything, sort everything, take n.</summary>
internal static class TopNOracle
{
    public static ScoredItem[] Select(ReadOnlySpan<float> scores, IReadOnlyCollection<int> seen, ItemFilter filter, int n, bool lowest = false)
    {
        var all = new List<ScoredItem>();
        for (int i = 0; i < scores.Length; i++)
        {
            if (!float.IsNaN(scores[i]) && IsEligible(i, seen, filter))
            {
                all.Add(new ScoredItem(i, scores[i]));
            }
        }

        var sorted = lowest ? all.OrderBy(s => s.Score) : all.OrderByDescending(s => s.Score);
        return sorted.ThenBy(s => s.Item).Take(n).ToArray();
    }

    public static bool IsEligible(int item, IReadOnlyCollection<int> seen, ItemFilter filter) =>
        (filter.KeepSeen || !seen.Contains(item))
        && !filter.Exclude.ToArray().Contains(item)
        && (filter.Allowed is not { } allowed
            || (item >> 6 < allowed.Length && ((allowed.Span[item >> 6] >> (item & 63)) & 1) != 0));
}
