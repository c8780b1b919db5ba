using System.Buffers;
using System.Runtime.InteropServices;
using Recsys.Engine.ColdStart;
using Recsys.Engine.Data;
using Recsys.Engine.Models;

namespace Recsys.Engine.Serving;

/// <summary>
/// Recommendations in this process from the models of a <see cref="ModelLibrary"/>. A request holds one version of a
/// model from beginning to end, whatever is activated meanwhile, and allocates little more than its answer.
/// </summary>
public sealed class ModelRecommender : IRecommender, IOnboarding
{
    /// <summary>Name that lists of popular items bear.</summary>
    public const string FallbackModel = "popularity";

    private readonly ILiveModels _models;
    private readonly ItemStore _items;

    /// <summary>Answers from a library.</summary>
    /// <param name="library">The models.</param>
    /// <param name="items">Names, categories and availability of items.</param>
    public ModelRecommender(ModelLibrary library, ItemStore items)
        : this((ILiveModels)library, items)
    {
    }

    internal ModelRecommender(ILiveModels models, ItemStore items)
    {
        _models = models;
        _items = items;
    }

    /// <inheritdoc/>
    public ValueTask<RecommendationList> RecommendAsync(RecommendationQuery query, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(query);
        cancellationToken.ThrowIfCancellationRequested();
        Check(query);
        using var lease = _models.Hold(query.Model);
        return new(Recommend(lease.Live, ProfileOf(lease.Live.Model, query), query));
    }

    /// <inheritdoc/>
    public ValueTask<RecommendationList> SimilarAsync(SimilarQuery query, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(query);
        cancellationToken.ThrowIfCancellationRequested();
        CheckCount(query.Count);
        using var lease = _models.Hold(query.Model);
        var live = lease.Live;
        if (!live.Model.Items.TryGetIndex(query.Item, out int item))
        {
            return _items.Find(query.Item) is not null
                ? new(new RecommendationList(live.Name, live.Version, Fallback: false, []))
                : throw new UnknownIdException("item", query.Item);
        }

        int wanted = Math.Min(query.Count, live.Model.Items.Count);
        var results = ArrayPool<ScoredItem>.Shared.Rent(wanted);
        var filter = live.Masks(_items).Available is { } available ? new ItemFilter { Allowed = available } : ItemFilter.Default;
        int found = live.Model.Similar(item, query.Opposite, filter, results.AsSpan(0, wanted));
        var list = List(live, results.AsSpan(0, found), null, 0);
        ArrayPool<ScoredItem>.Shared.Return(results);
        return new(new RecommendationList(live.Name, live.Version, Fallback: false, list));
    }

    /// <inheritdoc/>
    public ValueTask<OnboardingStep> NextAsync(OnboardingQuery query, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(query);
        cancellationToken.ThrowIfCancellationRequested();
        query.Check();
        using var lease = _models.Hold(query.Model);
        var live = lease.Live;
        var questions = Ask(live, query, cancellationToken);
        var recommend = query.Recommendations;
        var list = query.Count > 0
            ? Recommend(live, ProfileOf(live.Model, recommend), recommend)
            : new RecommendationList(live.Name, live.Version, Fallback: false, []);
        return new(new OnboardingStep(questions, list));
    }

    /// <summary>The questions of a step.</summary>
    internal Question[] Ask(LiveModel live, OnboardingQuery query, CancellationToken cancellationToken)
    {
        var asked = new ScoredItem[Math.Min(query.Questions, live.Model.Items.Count)];
        if (asked.Length == 0)
        {
            return [];
        }

        var answered = new List<(int Item, Answer Answer)>(query.Answers.Count);
        foreach (var (id, answer) in query.Answers)
        {
            if (live.Model.Items.TryGetIndex(id, out int index))
            {
                answered.Add((index, answer));
            }
        }

        using var filter = new QueryFilter(live, _items, query.Recommendations);
        int count = live.Interview.Choose(CollectionsMarshal.AsSpan(answered), filter.Filter, asked, cancellationToken);
        var questions = new Question[count];
        for (int q = 0; q < count; q++)
        {
            string id = live.ItemId(asked[q].Item);
            questions[q] = new Question(id, asked[q].Score, _items.Find(id)?.Name);
        }

        return questions;
    }

    /// <inheritdoc/>
    public ValueTask<UserRecord?> GetUserAsync(string user, CancellationToken cancellationToken = default)
    {
        using var lease = _models.Hold(null);
        var live = lease.Live;
        if (!live.Model.Users.TryGetIndex(user, out int index))
        {
            return new((UserRecord?)null);
        }

        var columns = live.Model.Histories.Row(index);
        var values = live.Model.Histories.RowValues(index);
        var history = new HistoryItem[columns.Length];
        for (int e = 0; e < history.Length; e++)
        {
            history[e] = new HistoryItem(live.ItemId(columns[e]), values.IsEmpty ? 1 : values[e]);
        }

        return new(new UserRecord(user, history));
    }

    /// <inheritdoc/>
    public ValueTask<ItemRecord?> GetItemAsync(string item, CancellationToken cancellationToken = default)
    {
        using var lease = _models.Hold(null);
        bool ranked = lease.Live.Model.Items.TryGetIndex(item, out int index);
        var known = _items.Find(item);
        if ((!ranked && known is null) || _items.IsDeleted(item))
        {
            return new((ItemRecord?)null);
        }

        long users = ranked ? lease.Live.ItemUsers[index] : 0;
        return new(new ItemRecord(item, known?.Name, known?.Categories ?? [], known?.Available ?? true, users));
    }

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<SearchHit>> SearchAsync(
        SearchKind kind, string text, int limit, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(text);
        CheckCount(limit);
        using var lease = _models.Hold(null);
        var search = new IdSearch(text, limit);
        if (kind == SearchKind.User)
        {
            search.Scan(lease.Live.Model.Users, null, cancellationToken);
        }
        else
        {
            search.Scan(lease.Live.Model.Items, _items, cancellationToken);
        }

        return new(search.Best());
    }

    /// <inheritdoc/>
    public ValueTask<RecommenderStatus> GetStatusAsync(CancellationToken cancellationToken = default)
    {
        using var lease = _models.Hold(null);
        var model = lease.Live.Model;
        return new(new RecommenderStatus(
            lease.Live.Name, lease.Live.Version, model.Users.Count, model.Items.Count, model.Histories.Count));
    }

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<CategoryCount>> GetCategoriesAsync(CancellationToken cancellationToken = default) =>
        new(_items.Categories);

    /// <summary>Refuses a number of results that is none.</summary>
    internal static void CheckCount(int count)
    {
        if (count < 1)
        {
            throw new InvalidOptionException($"n: expected 1 or more, found {count}");
        }
    }

    /// <summary>Refuses a query that cannot be answered.</summary>
    internal static void Check(RecommendationQuery query)
    {
        CheckCount(query.Count);
        if (query.Offset < 0)
        {
            throw new InvalidOptionException($"offset: expected 0 or more, found {query.Offset}");
        }

        if (query.User is not null && query.History is not null)
        {
            throw new InvalidOptionException("expected either a user or a history, found both");
        }
    }

    /// <summary>The profile that a query asks for.</summary>
    internal static UserProfile ProfileOf(IRecommenderModel model, RecommendationQuery query) =>
        query.User is { } user ? ProfileOf(model, user)
            : query.History is { } history ? Profile(model, history)
            : UserProfile.Empty;

    /// <summary>The best items for a profile, by the filters of a query.</summary>
    internal RecommendationList Recommend(LiveModel live, UserProfile profile, RecommendationQuery query)
    {
        var model = live.Model;
        bool fallback = profile.Items.IsEmpty;
        int wanted = (int)Math.Min((long)query.Offset + query.Count, model.Items.Count);
        var rented = ArrayPool<ScoredItem>.Shared.Rent(Math.Max(1, wanted));
        var results = rented.AsSpan(0, wanted);
        using var filter = new QueryFilter(live, _items, query);
        int found = fallback
            ? TopN.Select(live.Popularity, default, filter.Filter, results)
            : model.Recommend(profile, filter.Filter, results);
        var page = results[Math.Min(query.Offset, found)..found];
        var list = List(live, page, query.Explain ? profile : null, query.Reasons);
        ArrayPool<ScoredItem>.Shared.Return(rented);
        return new RecommendationList(fallback ? FallbackModel : live.Name, live.Version, fallback, list);
    }

    internal static UserProfile ProfileOf(IRecommenderModel model, string user) =>
        user.Length > 0 && model.Users.TryGetIndex(user, out int index) ? model.GetUser(index) : UserProfile.Empty;

    /// <summary>Folds a history in; of an item that stands twice the last weight counts.</summary>
    internal static UserProfile Profile(IRecommenderModel model, IReadOnlyList<HistoryItem> history)
    {
        var known = new SortedDictionary<int, float>();
        foreach (var entry in history)
        {
            if (model.Items.TryGetIndex(entry.Item, out int index))
            {
                known[index] = entry.Weight;
            }
        }

        return known.Count == 0
            ? UserProfile.Empty
            : model.FoldIn(known.Keys.ToArray(), known.Values.All(w => w == 1) ? default : known.Values.ToArray());
    }

    private RecommendedItem[] List(LiveModel live, ReadOnlySpan<ScoredItem> ranked, UserProfile? explained, int reasons)
    {
        var list = new RecommendedItem[ranked.Length];
        int count = 0;
        foreach (var (item, score) in ranked)
        {
            if (!float.IsFinite(score))
            {
                continue;
            }

            string id = live.ItemId(item);
            var why = explained is null ? null : Reasons(live, explained, item, reasons);
            list[count++] = new RecommendedItem(id, score, _items.Find(id)?.Name, why);
        }

        return count == list.Length ? list : list[..count];
    }

    private Reason[] Reasons(LiveModel live, UserProfile profile, int item, int most)
    {
        if (profile.Items.IsEmpty)
        {
            return [];
        }

        var contributions = live.Model.Explain(profile, item).Contributions;
        var reasons = new List<Reason>(Math.Min(most, contributions.Count));
        foreach (var (from, share) in contributions)
        {
            if (reasons.Count == most || share == 0 || !float.IsFinite(share))
            {
                break;
            }

            string id = live.ItemId(from);
            reasons.Add(new Reason(id, share, _items.Find(id)?.Name));
        }

        return [.. reasons];
    }
}
