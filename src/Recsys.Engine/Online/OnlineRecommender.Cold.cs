using Recsys.Engine.Models;
using Recsys.Engine.Online.Cold;
using Recsys.Engine.Serving;

namespace Recsys.Engine.Online;

/// <summary>ALS together with items that have no factors of their own yet.</summary>
internal sealed partial class OnlineRecommender
{
    private ColdView? CurrentCold(OnlineState s)
    {
        if (cold?.Current is not { Ids.Length: > 0 } fitted)
        {
            return null;
        }

        var view = Volatile.Read(ref _cold);
        if (view is null || !view.Holds(s, fitted))
        {
            view = new ColdView(s, fitted, items);
            Volatile.Write(ref _cold, view);
        }

        return view;
    }

    /// <summary>Both rankings merged by score; of equal scores the item with factors of its own is first.</summary>
    private RecommendationList WithCold(OnlineState s, RecommendationQuery query, ColdView view, int user, int[] history, float[] weights)
    {
        int wanted = (int)Math.Min((long)query.Offset + query.Count, (long)s.ItemIds.Count + view.Cold.Ids.Length);
        float[] factors = user >= 0 ? s.Als!.UserFactors(user, s.Histories) : s.Als!.FoldIn(history, weights);
        var late = view.Top(factors, history, query, wanted);
        var filter = Filter(s, query);
        if (view.Indices.Length > 0)
        {
            filter = filter with { Exclude = filter.Exclude.ToArray().Union(view.Indices).Order().ToArray() };
        }

        var results = new ScoredItem[Math.Min(wanted, s.ItemIds.Count)];
        int found = s.Top(OnlineState.AlsModel, user, history, weights, filter, results);
        var page = new List<RecommendedItem>();
        for (int a = 0, b = 0, rank = 0; rank < wanted && (a < found || b < late.Length); rank++)
        {
            bool first = b == late.Length || (a < found && results[a].Score >= late[b].Score);
            var next = first ? results[a++] : late[b++];
            if (rank < query.Offset)
            {
                continue;
            }

            page.Add(first
                ? Item(s, next, query.Explain ? Reasons(s, OnlineState.AlsModel, history, weights, next.Item, query.Reasons) : null)
                : new RecommendedItem(
                    view.Cold.Ids[next.Item], next.Score, items.Find(view.Cold.Ids[next.Item])?.Name, query.Explain ? [] : null));
        }

        return new RecommendationList(OnlineState.AlsModel, Version(s), Fallback: false, page);
    }
}
