using System.Buffers;
using Recsys.Engine.Models;

namespace Recsys.Engine.Serving;

/// <summary>The filter of one query on rented memory. Dispose it when the selection is done.</summary>
internal ref struct QueryFilter
{
    private ulong[]? _mask;
    private int[]? _exclude;

    public QueryFilter(LiveModel live, ItemStore items, RecommendationQuery query)
    {
        var masks = live.Masks(items);
        ReadOnlyMemory<ulong>? allowed = default;
        if (masks.Available is { } available)
        {
            allowed = available; // a null array would convert to an empty mask, which allows nothing
        }

        if (query.Allow is null && query.Categories.Count == 1)
        {
            allowed = masks.Category(query.Categories[0]);
        }
        else if (query.Allow is not null || query.Categories.Count > 0)
        {
            _mask = ArrayPool<ulong>.Shared.Rent(masks.Words);
            var mask = _mask.AsSpan(0, masks.Words);
            Intersect(live, masks, query, mask);
            allowed = _mask.AsMemory(0, masks.Words);
        }

        int excluded = 0;
        if (query.Exclude.Count > 0)
        {
            _exclude = ArrayPool<int>.Shared.Rent(query.Exclude.Count);
            excluded = SortedIndices(live, query.Exclude, _exclude);
        }

        Filter = allowed is null && excluded == 0 && !query.KeepSeen
            ? ItemFilter.Default
            : new ItemFilter { KeepSeen = query.KeepSeen, Allowed = allowed, Exclude = _exclude.AsMemory(0, excluded) };
    }

    public ItemFilter Filter { get; }

    public void Dispose()
    {
        if (_mask is not null)
        {
            ArrayPool<ulong>.Shared.Return(_mask);
            _mask = null;
        }

        if (_exclude is not null)
        {
            ArrayPool<int>.Shared.Return(_exclude);
            _exclude = null;
        }
    }

    private static void Intersect(LiveModel live, ItemMasks masks, RecommendationQuery query, Span<ulong> mask)
    {
        if (query.Categories.Count > 0)
        {
            mask.Clear();
            foreach (string category in query.Categories)
            {
                ulong[] one = masks.Category(category);
                for (int w = 0; w < mask.Length; w++)
                {
                    mask[w] |= one[w];
                }
            }
        }
        else if (masks.Available is { } available)
        {
            available.CopyTo(mask);
        }
        else
        {
            mask.Fill(ulong.MaxValue);
        }

        if (query.Allow is { } allow)
        {
            ulong[] rented = ArrayPool<ulong>.Shared.Rent(mask.Length);
            var listed = rented.AsSpan(0, mask.Length);
            listed.Clear();
            foreach (string id in allow)
            {
                if (live.Model.Items.TryGetIndex(id, out int index))
                {
                    listed[index >> 6] |= 1UL << (index & 63);
                }
            }

            for (int w = 0; w < mask.Length; w++)
            {
                mask[w] &= listed[w];
            }

            ArrayPool<ulong>.Shared.Return(rented);
        }
    }

    private static int SortedIndices(LiveModel live, IReadOnlyList<string> ids, int[] indices)
    {
        int count = 0;
        foreach (string id in ids)
        {
            if (live.Model.Items.TryGetIndex(id, out int index))
            {
                indices[count++] = index;
            }
        }

        var sorted = indices.AsSpan(0, count);
        sorted.Sort();
        int distinct = 0;
        for (int i = 0; i < count; i++)
        {
            if (i == 0 || sorted[i] != sorted[i - 1])
            {
                indices[distinct++] = sorted[i];
            }
        }

        return distinct;
    }
}
