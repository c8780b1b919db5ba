using Recsys.Engine.Als;
using Recsys.Engine.Data;
using Recsys.Engine.Models;
using Recsys.Engine.Numerics;
using Recsys.Engine.Serving.Partitioned;

namespace Recsys.Engine.Serving.Distributed;

/// <summary>
/// Recommendations from a model whose items are spread over partitions: what <see cref="ModelRecommender"/> answers from
/// the whole model, to the bit. All partitions are asked for the version that the request began with.
/// </summary>
internal sealed class PartitionedRecommender(ItemStore items, IItemShards shards)
{
    /// <summary>The best items for a profile without factors, or with the trained ones.</summary>
    public async Task<RecommendationList> RecommendAsync(
        LiveModel live, UserProfile profile, RecommendationQuery query, CancellationToken cancellationToken)
    {
        var front = (PartitionedFront)live.Model;
        bool fallback = profile.Items.IsEmpty;
        int wanted = (int)Math.Min((long)query.Offset + query.Count, front.Items.Count);
        ScoredItem[] results;
        if (fallback)
        {
            results = Popular(live, query, wanted);
        }
        else
        {
            if (front.Als is not null && profile.Factors.IsEmpty)
            {
                profile = await FoldInAsync(live, front, profile, cancellationToken).ConfigureAwait(false);
            }

            var partitions = new IScoringPartition[shards.Partitions];
            for (int p = 0; p < partitions.Length; p++)
            {
                partitions[p] = new Partition(shards, p, live.Name, live.Version);
            }

            var request = new ScoringRequest(profile, Filter(live, query), wanted);
            results = await PartitionedTopN.RecommendAsync(partitions, request, cancellationToken).ConfigureAwait(false);
        }

        var page = results.Skip(query.Offset).Where(r => float.IsFinite(r.Score)).ToArray();
        var reasons = query.Explain && !fallback
            ? await ExplainAsync(live, front, profile, page, query.Reasons, cancellationToken).ConfigureAwait(false)
            : null;
        return new RecommendationList(
            fallback ? ModelRecommender.FallbackModel : live.Name,
            live.Version,
            fallback,
            [.. page.Select((r, i) => Item(live, r, reasons?[i] ?? (query.Explain ? [] : null)))]);
    }

    /// <summary>The items most like one, or most unlike it.</summary>
    public async Task<RecommendationList> SimilarAsync(LiveModel live, SimilarQuery query, CancellationToken cancellationToken)
    {
        var front = (PartitionedFront)live.Model;
        if (!front.Items.TryGetIndex(query.Item, out int item))
        {
            return items.Find(query.Item) is not null
                ? new RecommendationList(live.Name, live.Version, Fallback: false, [])
                : throw new UnknownIdException("item", query.Item);
        }

        int owner = ItemShard.PartitionOf(front.Items, item, shards.Partitions);
        float[] likeness;
        if (front.Als is null)
        {
            likeness = await shards.WeightsAsync(owner, live.Name, live.Version, null, [item], cancellationToken).ConfigureAwait(false);
        }
        else
        {
            float[] factors = await shards.FactorsAsync(owner, live.Name, live.Version, [item], cancellationToken).ConfigureAwait(false);
            float[][] parts = await Task.WhenAll(Enumerable.Range(0, shards.Partitions)
                .Select(p => shards.CosinesAsync(p, live.Name, live.Version, factors, cancellationToken))).ConfigureAwait(false);
            likeness = new float[front.Items.Count];
            int[] at = new int[parts.Length];
            for (int i = 0; i < likeness.Length; i++)
            {
                int p = ItemShard.PartitionOf(front.Items, i, parts.Length);
                likeness[i] = parts[p][at[p]++];
            }
        }

        var results = new ScoredItem[Math.Min(query.Count, front.Items.Count)];
        var filter = live.Masks(items).Available is { } available ? new ItemFilter { Allowed = available } : ItemFilter.Default;
        int found = ModelScoring.RankSimilar(likeness.Length, item, query.Opposite, filter, results, likeness.CopyTo);
        return new RecommendationList(live.Name, live.Version, Fallback: false, [.. results.Take(found).Select(r => Item(live, r, null))]);
    }

    private ScoredItem[] Popular(LiveModel live, RecommendationQuery query, int wanted)
    {
        var results = new ScoredItem[wanted];
        using var filter = new QueryFilter(live, items, query);
        int found = TopN.Select(live.Popularity, default, filter.Filter, results);
        return results[..found];
    }

    /// <summary>The query's filter on memory of its own: it is used after this call, and perhaps sent.</summary>
    private ItemFilter Filter(LiveModel live, RecommendationQuery query)
    {
        using var filter = new QueryFilter(live, items, query);
        var rented = filter.Filter;
        return ReferenceEquals(rented, ItemFilter.Default)
            ? rented
            : rented with
            {
                Exclude = rented.Exclude.ToArray(),
                Allowed = rented.Allowed is { } allowed ? allowed.ToArray() : default(ReadOnlyMemory<ulong>?),
            };
    }

    private async Task<UserProfile> FoldInAsync(LiveModel live, PartitionedFront front, UserProfile profile, CancellationToken cancellationToken)
    {
        using var rows = await GatherAsync(live, front, profile.Items, cancellationToken).ConfigureAwait(false);
        float[] factors = new float[front.Als!.Factors];
        using var solver = FoldInSolver.Create(front.Als, front.Items.Count, Simd.Best);
        solver.Solve(rows, front.Gram!, Places(profile.Items.Length), profile.Weights.Span, factors);
        return profile with { Factors = factors };
    }

    /// <summary>The factors of some items, one row each.</summary>
    private async Task<DenseMatrix> GatherAsync(
        LiveModel live, PartitionedFront front, ReadOnlyMemory<int> wanted, CancellationToken cancellationToken)
    {
        int[] all = wanted.ToArray();
        int[] owners = Array.ConvertAll(all, i => ItemShard.PartitionOf(front.Items, i, shards.Partitions));
        var asked = Enumerable.Range(0, shards.Partitions).Select(p =>
        {
            int[] own = [.. all.Where((_, i) => owners[i] == p)];
            return own.Length == 0 ? Task.FromResult<float[]>([]) : shards.FactorsAsync(p, live.Name, live.Version, own, cancellationToken);
        });
        float[][] parts = await Task.WhenAll(asked).ConfigureAwait(false);
        int k = front.Als!.Factors;
        var rows = new DenseMatrix(all.Length, k);
        int[] at = new int[parts.Length];
        for (int i = 0; i < all.Length; i++)
        {
            parts[owners[i]].AsSpan(at[owners[i]]++ * k, k).CopyTo(rows.Row(i));
        }

        return rows;
    }

    private async Task<Reason[][]> ExplainAsync(
        LiveModel live, PartitionedFront front, UserProfile profile, ScoredItem[] page, int most, CancellationToken cancellationToken)
    {
        int[] history = profile.Items.ToArray();
        var contributions = new ScoredItem[page.Length][];
        if (front.Als is not null)
        {
            int[] results = Array.ConvertAll(page, r => r.Item);
            using var rows = await GatherAsync(live, front, (int[])[.. history, .. results], cancellationToken).ConfigureAwait(false);
            using var solver = FoldInSolver.Create(front.Als, front.Items.Count, Simd.Best);
            for (int r = 0; r < page.Length; r++)
            {
                contributions[r] = new ScoredItem[history.Length];
                solver.Explain(rows, front.Gram!, Places(history.Length), profile.Weights.Span, history.Length + r, contributions[r]);
                contributions[r] = Array.ConvertAll(contributions[r], c => new ScoredItem(history[c.Item], c.Score));
            }
        }
        else
        {
            for (int p = 0; p < shards.Partitions; p++)
            {
                int[] own = [.. Enumerable.Range(0, page.Length).Where(r => ItemShard.PartitionOf(front.Items, page[r].Item, shards.Partitions) == p)];
                if (own.Length == 0)
                {
                    continue;
                }

                float[] weights = await shards.WeightsAsync(
                    p, live.Name, live.Version, history, Array.ConvertAll(own, r => page[r].Item), cancellationToken).ConfigureAwait(false);
                for (int c = 0; c < own.Length; c++)
                {
                    contributions[own[c]] = [.. history.Select((h, e) => new ScoredItem(
                        h, (profile.Weights.IsEmpty ? 1 : profile.Weights.Span[e]) * weights[(e * own.Length) + c]))];
                }
            }
        }

        return Array.ConvertAll(contributions, c => ModelScoring.ByMagnitude(c)
            .TakeWhile(share => share.Score != 0 && float.IsFinite(share.Score)).Take(most)
            .Select(share => new Reason(live.ItemId(share.Item), share.Score, items.Find(live.ItemId(share.Item))?.Name)).ToArray());
    }

    private static int[] Places(int count) => [.. Enumerable.Range(0, count)];

    private RecommendedItem Item(LiveModel live, ScoredItem scored, IReadOnlyList<Reason>? reasons)
    {
        string id = live.ItemId(scored.Item);
        return new RecommendedItem(id, scored.Score, items.Find(id)?.Name, reasons);
    }

    private sealed class Partition(IItemShards shards, int partition, string model, string version) : IScoringPartition
    {
        public ValueTask<ScoredItem[]> TopAsync(ScoringRequest request, CancellationToken cancellationToken) =>
            new(shards.TopAsync(partition, model, version, request, cancellationToken));
    }
}
