using Recsys.Engine.Models;

namespace Recsys.Engine.Als;

/// <summary>The best of many scores, with the filters applied.</summary>
internal static class ItemSelection
{
    /// <summary>
    /// The best eligible items, best first, equal scores in item order; returns how many. Neither
    /// <paramref name="seen"/> (ascending) nor what <paramref name="filter"/> leaves out is eligible.
    /// </summary>
    public static int Select(ReadOnlySpan<float> scores, ReadOnlySpan<int> seen, ItemFilter filter, Span<ScoredItem> results)
    {
        if (results.IsEmpty)
        {
            return 0;
        }

        // A heap with the worst of the best at its root.
        var exclude = filter.Exclude.Span;
        var allowed = filter.Allowed is { } mask ? mask.Span : default;
        bool masked = filter.Allowed is not null;
        int nextSeen = 0, nextExcluded = 0, count = 0;
        for (int item = 0; item < scores.Length; item++)
        {
            while (nextSeen < seen.Length && seen[nextSeen] < item)
            {
                nextSeen++;
            }

            while (nextExcluded < exclude.Length && exclude[nextExcluded] < item)
            {
                nextExcluded++;
            }

            if ((nextSeen < seen.Length && seen[nextSeen] == item)
                || (nextExcluded < exclude.Length && exclude[nextExcluded] == item)
                || (masked && ((item >> 6) >= allowed.Length || (allowed[item >> 6] >> (item & 63) & 1) == 0)))
            {
                continue;
            }

            var candidate = new ScoredItem(item, scores[item]);
            if (count < results.Length)
            {
                results[count++] = candidate;
                SiftUp(results, count - 1);
            }
            else if (Worse(results[0], candidate))
            {
                results[0] = candidate;
                SiftDown(results[..count]);
            }
        }

        results[..count].Sort((a, b) => Worse(a, b) ? 1 : Worse(b, a) ? -1 : 0);
        return count;
    }

    private static bool Worse(ScoredItem a, ScoredItem b) => a.Score < b.Score || (a.Score == b.Score && a.Item > b.Item);

    private static void SiftUp(Span<ScoredItem> heap, int i)
    {
        while (i > 0 && Worse(heap[i], heap[(i - 1) / 2]))
        {
            (heap[i], heap[(i - 1) / 2]) = (heap[(i - 1) / 2], heap[i]);
            i = (i - 1) / 2;
        }
    }

    private static void SiftDown(Span<ScoredItem> heap)
    {
        for (int i = 0; ;)
        {
            int child = (2 * i) + 1;
            if (child + 1 < heap.Length && Worse(heap[child + 1], heap[child]))
            {
                child++;
            }

            if (child >= heap.Length || !Worse(heap[child], heap[i]))
            {
                return;
            }

            (heap[i], heap[child]) = (heap[child], heap[i]);
            i = child;
        }
    }
}
