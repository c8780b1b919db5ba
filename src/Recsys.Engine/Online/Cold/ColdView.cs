using System.Buffers;
using Recsys.Engine.Models;
using Recsys.Engine.Serving;

namespace Recsys.Engine.Online.Cold;

/// <summary>
/// <see cref="ColdItems"/> against one state and one revision of the catalogue: which of them still have no factors of
/// their own and may be recommended, and which places they have among the items that events named.
/// </summary>
internal sealed class ColdView
{
    private readonly ItemStore _items;
    private readonly int _known;
    private readonly int _version;
    private readonly long _revision;
    private readonly ulong[] _eligible;
    private readonly Dictionary<int, int> _places = [];

    /// <summary>Under the state's lock.</summary>
    public ColdView(OnlineState s, ColdItems cold, ItemStore items)
    {
        Cold = cold;
        _items = items;
        _known = s.ItemIds.Count;
        _version = s.Als!.ItemVersion;
        _revision = items.Revision;
        _eligible = new ulong[(cold.Ids.Length + 63) >> 6];
        var unavailable = items.Unavailable;
        for (int place = 0; place < cold.Ids.Length; place++)
        {
            bool learned = s.ItemIds.TryGetIndex(cold.Ids[place], out int index);
            if (learned && s.Als.HasFactors(index))
            {
                continue;
            }

            if (learned)
            {
                _places.Add(index, place);
            }

            if (!unavailable.Contains(cold.Ids[place]))
            {
                _eligible[place >> 6] |= 1UL << (place & 63);
            }
        }

        Indices = [.. _places.Keys.Order()];
    }

    public ColdItems Cold { get; }

    /// <summary>Those that events named, ascending: among the others they would have no score.</summary>
    public int[] Indices { get; }

    /// <summary>Whether it is still what the state and the catalogue say.</summary>
    public bool Holds(OnlineState s, ColdItems cold) =>
        ReferenceEquals(Cold, cold) && _known == s.ItemIds.Count && _version == s.Als!.ItemVersion && _revision == _items.Revision;

    /// <summary>The best of them by a user's factors and the filters of a query; their places, best first.</summary>
    /// <param name="user">The user's factors.</param>
    /// <param name="history">The user's history.</param>
    /// <param name="query">The filters.</param>
    /// <param name="most">How many at most.</param>
    public ScoredItem[] Top(ReadOnlySpan<float> user, ReadOnlySpan<int> history, RecommendationQuery query, int most)
    {
        int count = Cold.Ids.Length;
        float[] rented = ArrayPool<float>.Shared.Rent(count);
        var scores = rented.AsSpan(0, count);
        Rescoring.Score(Cold.Factors, count, user, scores);
        var results = new ScoredItem[Math.Min(most, count)];
        int found = TopN.Select(scores, Seen(history), Filter(query), results);
        ArrayPool<float>.Shared.Return(rented);
        return results[..found];
    }

    private int[] Seen(ReadOnlySpan<int> history)
    {
        var seen = new List<int>();
        foreach (int item in history)
        {
            if (_places.TryGetValue(item, out int place))
            {
                seen.Add(place);
            }
        }

        seen.Sort();
        return [.. seen];
    }

    private ItemFilter Filter(RecommendationQuery query)
    {
        ulong[] allowed = _eligible;
        if (query.Categories.Count > 0)
        {
            allowed = Intersect(allowed, query.Categories.SelectMany(_items.InCategory));
        }

        if (query.Allow is { } listed)
        {
            allowed = Intersect(allowed, listed);
        }

        return new ItemFilter
        {
            KeepSeen = query.KeepSeen,
            Allowed = new ReadOnlyMemory<ulong>(allowed),
            Exclude = query.Exclude.Select(id => Cold.Places.GetValueOrDefault(id, -1)).Where(p => p >= 0).Distinct().Order().ToArray(),
        };
    }

    private ulong[] Intersect(ulong[] mask, IEnumerable<string> ids)
    {
        var both = new ulong[mask.Length];
        foreach (string id in ids)
        {
            if (Cold.Places.TryGetValue(id, out int place))
            {
                both[place >> 6] |= mask[place >> 6] & (1UL << (place & 63));
            }
        }

        return both;
    }
}
