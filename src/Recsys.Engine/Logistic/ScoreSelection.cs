using Recsys.Engine.Models;

namespace Recsys.Engine.Logistic;

/// <summary>Picks the best eligible items of a row of scores.</summary>
internal static class ScoreSelection
{
    /// <summary>
    /// Writes the best items, best first, equal scores in item order, and returns how many there are.
    /// </summary>
    /// <param name="scores">One an item.</param>
    /// <param name="skip">Items not to return, ascending.</param>
    /// <param name="filter">Further exclusions.</param>
    /// <param name="results">As many as are wanted.</param>
    public static int Best(ReadOnlySpan<float> scores, ReadOnlySpan<int> skip, ItemFilter filter, Span<ScoredItem> results)
    {
        var exclude = filter.Exclude.Span;
        var allowed = filter.Allowed is { } mask ? mask.Span : default;
        bool anyAllowed = filter.Allowed is null;
        int nextSkip = 0;
        int nextExclude = 0;
        int found = 0;
        for (int i = 0; i < scores.Length && results.Length > 0; i++)
        {
            while (nextSkip < skip.Length && skip[nextSkip] < i)
            {
                nextSkip++;
            }

            while (nextExclude < exclude.Length && exclude[nextExclude] < i)
            {
                nextExclude++;
            }

            float score = scores[i];
            if ((nextSkip < skip.Length && skip[nextSkip] == i)
                || (nextExclude < exclude.Length && exclude[nextExclude] == i)
                || !(anyAllowed || ((i >> 6) < allowed.Length && ((allowed[i >> 6] >> (i & 63)) & 1) != 0))
                || (found == results.Length && !(score > results[found - 1].Score)))
            {
                continue;
            }

            // Insertion into the short sorted list: rarely reached once it is full.
            int at = found == results.Length ? found - 1 : found++;
            while (at > 0 && score > results[at - 1].Score)
            {
                results[at] = results[at - 1];
                at--;
            }

            results[at] = new ScoredItem(i, score);
        }

        return found;
    }
}
