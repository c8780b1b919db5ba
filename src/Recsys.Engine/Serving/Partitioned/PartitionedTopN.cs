using Recsys.Engine.Models;

namespace Recsys.Engine.Serving.Partitioned;

/// <summary>
/// Recommends from a model whose items are spread over partitions: each returns its best, and the best of these are the
/// best of all, in the very order, scores and ties of the whole model.
/// </summary>
public static class PartitionedTopN
{
    /// <summary>Asks all partitions at once and merges their answers.</summary>
    /// <param name="partitions">Partitions that together hold every item once.</param>
    /// <param name="request">What to ask.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <returns>The best items, <see cref="ScoringRequest.Count"/> or all eligible ones where there are fewer.</returns>
    public static async ValueTask<ScoredItem[]> RecommendAsync(
        IReadOnlyList<IScoringPartition> partitions, ScoringRequest request, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(partitions);
        ArgumentNullException.ThrowIfNull(request);
        var asked = new ValueTask<ScoredItem[]>[partitions.Count];
        for (int p = 0; p < asked.Length; p++)
        {
            asked[p] = partitions[p].TopAsync(request, cancellationToken);
        }

        var parts = new ScoredItem[asked.Length][];
        for (int p = 0; p < asked.Length; p++)
        {
            parts[p] = await asked[p].ConfigureAwait(false);
        }

        var results = new ScoredItem[Math.Min(request.Count, parts.Sum(part => part.Length))];
        Merge(parts, results);
        return results;
    }

    /// <summary>
    /// The best of lists that are each in order: higher scores first, equal ones in item order. Returns how many there are.
    /// </summary>
    public static int Merge(IReadOnlyList<ScoredItem[]> parts, Span<ScoredItem> results)
    {
        ArgumentNullException.ThrowIfNull(parts);
        Span<int> at = parts.Count <= 256 ? stackalloc int[parts.Count] : new int[parts.Count];
        for (int r = 0; r < results.Length; r++)
        {
            int best = -1;
            for (int p = 0; p < parts.Count; p++)
            {
                if (at[p] < parts[p].Length && (best < 0 || Precedes(parts[p][at[p]], parts[best][at[best]])))
                {
                    best = p;
                }
            }

            if (best < 0)
            {
                return r;
            }

            results[r] = parts[best][at[best]++];
        }

        return results.Length;
    }

    private static bool Precedes(ScoredItem a, ScoredItem b) => a.Score > b.Score || (a.Score == b.Score && a.Item < b.Item);
}
