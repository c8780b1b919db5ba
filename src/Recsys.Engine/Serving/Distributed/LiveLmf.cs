using System.Buffers;
using System.Text.Json.Nodes;
using Recsys.Engine.Data;
using Recsys.Engine.Models;
using Recsys.Engine.Online.Partitioned;
using Recsys.Engine.Storage;

namespace Recsys.Engine.Serving.Distributed;

/// <summary>
/// Answers of the live model "lmf" on a cluster: this process's copy of all items' factors, and the user's factors from the
/// user's event partition.
/// </summary>
/// <param name="factors">The items.</param>
/// <param name="items">Names, categories and availability of items.</param>
public sealed class LiveLmf(LiveItemFactors factors, ItemStore items)
{
    /// <summary>The model's name.</summary>
    public const string ModelName = "lmf";

    private readonly LiveFilters _filters = new(items);

    /// <summary>The items' factors.</summary>
    public LiveItemFactors Factors => factors;

    /// <summary>Recommends for a user's factors, or for a history where there are none; null where nothing is known of the user.</summary>
    public RecommendationList? Recommend(UserHistory history, RecommendationQuery query)
    {
        ArgumentNullException.ThrowIfNull(history);
        ModelRecommender.Check(query);
        return history.Items.Count == 0 ? null : factors.Read(f => Recommend(f, history, query));
    }

    /// <inheritdoc cref="IRecommender.SimilarAsync"/>
    public RecommendationList Similar(SimilarQuery query)
    {
        ArgumentNullException.ThrowIfNull(query);
        ModelRecommender.CheckCount(query.Count);
        return factors.Read(f =>
        {
            if (!f.Ids.TryGetIndex(query.Item, out int item))
            {
                return items.Find(query.Item) is not null ? List([]) : throw new UnknownIdException("item", query.Item);
            }

            var results = new ScoredItem[Math.Min(query.Count, f.Ids.Count)];
            int found = ModelScoring.RankSimilar(
                f.Ids.Count, item, query.Opposite, _filters.Available(f.Ids), results, scores => f.Similar(item, scores));
            return List([.. results.Take(found).Select(r => Item(f, r, null))]);
        });
    }

    /// <summary>What it is, among the versions of models.</summary>
    /// <param name="active">Whether it answers for its name.</param>
    /// <param name="isDefault">Whether it answers when no model is named.</param>
    public ModelVersion Describe(bool active, bool isDefault)
    {
        var facts = new ModelFacts(ModelName, new JsonObject { ["live"] = true }, []) { Dataset = "events of the cluster" };
        return new ModelVersion(ModelName, LiveRecommender.LiveVersion, active, isDefault, Stored: true, 0, factors.Items, 0, facts) { Kind = ModelKind.Live };
    }

    private static RecommendationList List(RecommendedItem[] list) => new(ModelName, LiveRecommender.LiveVersion, Fallback: false, list);

    private RecommendationList Recommend(LiveItemFactors f, UserHistory history, RecommendationQuery query)
    {
        var known = new SortedDictionary<int, float>();
        foreach (var entry in history.Items)
        {
            if (entry.Weight != 0 && f.Ids.TryGetIndex(entry.Item, out int index))
            {
                known[index] = entry.Weight;
            }
        }

        int[] seen = [.. known.Keys];
        float[] rented = ArrayPool<float>.Shared.Rent(Math.Max(1, f.Ids.Count));
        var scores = rented.AsSpan(0, f.Ids.Count);
        if (history.LiveFactors.IsEmpty)
        {
            f.Score(seen, known.Values.ToArray(), scores);
        }
        else
        {
            f.Score(history.LiveFactors.Span, scores);
        }

        var results = new ScoredItem[(int)Math.Min((long)query.Offset + query.Count, f.Ids.Count)];
        int found = TopN.Select(scores, seen, _filters.Of(f.Ids, query), results);
        ArrayPool<float>.Shared.Return(rented);
        return List([.. results[Math.Min(query.Offset, found)..found].Select(r => Item(f, r, query.Explain ? [] : null))]);
    }

    private RecommendedItem Item(LiveItemFactors f, ScoredItem scored, IReadOnlyList<Reason>? reasons)
    {
        string id = f.Ids[scored.Item];
        return new RecommendedItem(id, scored.Score, items.Find(id)?.Name, reasons);
    }
}
