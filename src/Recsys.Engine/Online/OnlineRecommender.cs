using System.Buffers;
using System.Globalization;
using Recsys.Engine.Data;
using Recsys.Engine.Models;
using Recsys.Engine.Online.Cold;
using Recsys.Engine.Serving;

namespace Recsys.Engine.Online;

/// <summary>Answers from the live state. Each answer is of one moment: nothing is applied while it is computed.</summary>
/// <param name="state">The state.</param>
/// <param name="items">What is known of items.</param>
/// <param name="cold">Factors of items that have none of their own; null for none.</param>
internal sealed partial class OnlineRecommender(OnlineState state, ItemStore items, ColdItemFitter? cold = null) : IRecommender
{
    private readonly LiveFilters _filters = new(items);
    private ColdView? _cold;

    /// <inheritdoc/>
    public ValueTask<RecommendationList> RecommendAsync(RecommendationQuery query, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(query);
        cancellationToken.ThrowIfCancellationRequested();
        ModelRecommender.Check(query);
        return new(state.Read(s => Recommend(s, query)));
    }

    /// <inheritdoc/>
    public ValueTask<RecommendationList> SimilarAsync(SimilarQuery query, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(query);
        cancellationToken.ThrowIfCancellationRequested();
        ModelRecommender.CheckCount(query.Count);
        return new(state.Read(s => Similar(s, query)));
    }

    /// <inheritdoc/>
    public ValueTask<UserRecord?> GetUserAsync(string user, CancellationToken cancellationToken = default) => new(state.Read(s =>
    {
        if (string.IsNullOrEmpty(user) || !s.UserIds.TryGetIndex(user, out int index) || s.Histories.Items(index).IsEmpty)
        {
            return null;
        }

        int[] history = s.Histories.Items(index).ToArray();
        Array.Sort(s.Histories.Times(index).ToArray(), history);
        return new UserRecord(user, [.. history.Select(i => new HistoryItem(s.ItemIds[i], s.Histories.Weight(index, i)))]);
    }));

    /// <inheritdoc/>
    public ValueTask<ItemRecord?> GetItemAsync(string item, CancellationToken cancellationToken = default) => new(state.Read(s =>
    {
        var known = items.Find(item);
        bool learned = s.ItemIds.TryGetIndex(item, out int index);
        return (!learned && known is null) || items.IsDeleted(item)
            ? null
            : new ItemRecord(item, known?.Name, known?.Categories ?? [], known?.Available ?? true, learned ? s.ItemUsers[index] : 0);
    }));

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<SearchHit>> SearchAsync(
        SearchKind kind, string text, int limit, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(text);
        ModelRecommender.CheckCount(limit);
        var search = new IdSearch(text, limit);
        return new(state.Read(s =>
        {
            search.Scan(kind == SearchKind.User ? s.UserIds : s.ItemIds, kind == SearchKind.User ? null : items, cancellationToken);
            return search.Best();
        }));
    }

    /// <inheritdoc/>
    public ValueTask<RecommenderStatus> GetStatusAsync(CancellationToken cancellationToken = default) => new(state.Read(s =>
        new RecommenderStatus(s.Models[0], Version(s), s.UserIds.Count, s.ItemIds.Count, s.Histories.Pairs) { Kind = ModelKind.Live }));

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<CategoryCount>> GetCategoriesAsync(CancellationToken cancellationToken = default) => new(items.Categories);

    // The state changes with every event: its version is the position in the log.
    private static string Version(OnlineState s) => s.Position.ToString(CultureInfo.InvariantCulture);

    private static (int[] Items, float[] Weights) Resolve(OnlineState s, IReadOnlyList<HistoryItem> history)
    {
        var known = new SortedDictionary<int, float>();
        foreach (var entry in history)
        {
            if (s.ItemIds.TryGetIndex(entry.Item, out int index) && entry.Weight != 0)
            {
                known[index] = entry.Weight;
            }
        }

        return ([.. known.Keys], [.. known.Values]);
    }

    private RecommendationList Recommend(OnlineState s, RecommendationQuery query)
    {
        string model = s.ModelOf(query.Model);
        int user = -1;
        (int[] history, float[] weights) = ([], []);
        if (query.User is { Length: > 0 } id && s.UserIds.TryGetIndex(id, out int known))
        {
            user = known;
            (history, weights) = (s.Histories.Items(user).ToArray(), s.Histories.Weights(user).ToArray());
        }
        else if (query.History is { } given)
        {
            (history, weights) = Resolve(s, given);
        }

        bool fallback = history.Length == 0 && model != OnlineState.PopularityModel;
        int wanted = (int)Math.Min((long)query.Offset + query.Count, s.ItemIds.Count);
        if (!fallback && model == OnlineState.AlsModel && CurrentCold(s) is { } view)
        {
            return WithCold(s, query, view, user, history, weights);
        }

        var results = new ScoredItem[wanted];
        int found = s.Top(fallback ? OnlineState.PopularityModel : model, fallback ? -1 : user, history, weights, Filter(s, query), results);
        var page = results[Math.Min(query.Offset, found)..found];
        return new RecommendationList(
            fallback ? OnlineState.PopularityModel : model,
            Version(s),
            fallback,
            [.. page.Select(r => Item(s, r, query.Explain ? Reasons(s, model, history, weights, r.Item, query.Reasons) : null))]);
    }

    private RecommendationList Similar(OnlineState s, SimilarQuery query)
    {
        string model = s.ModelOf(query.Model);
        if (!s.ItemIds.TryGetIndex(query.Item, out int item))
        {
            return items.Find(query.Item) is not null
                ? new RecommendationList(model, Version(s), Fallback: false, [])
                : throw new UnknownIdException("item", query.Item);
        }

        var results = new ScoredItem[Math.Min(query.Count, s.ItemIds.Count)];
        int found = ModelScoring.RankSimilar(
            s.ItemIds.Count,
            item,
            query.Opposite,
            _filters.Available(s.ItemIds),
            results,
            scores => s.Similar(model, item, scores));
        return new RecommendationList(model, Version(s), Fallback: false, [.. results.Take(found).Select(r => Item(s, r, null))]);
    }

    private RecommendedItem Item(OnlineState s, ScoredItem scored, IReadOnlyList<Reason>? reasons)
    {
        string id = s.ItemIds[scored.Item];
        return new RecommendedItem(id, scored.Score, items.Find(id)?.Name, reasons);
    }

    private Reason[] Reasons(OnlineState s, string model, int[] history, float[] weights, int item, int most) =>
    [
        .. s.Explain(model, history, weights, item).Where(c => c.Score != 0).Take(most).Select(c =>
        {
            string id = s.ItemIds[c.Item];
            return new Reason(id, c.Score, items.Find(id)?.Name);
        }),
    ];

    private ItemFilter Filter(OnlineState s, RecommendationQuery query) => _filters.Of(s.ItemIds, query);
}
