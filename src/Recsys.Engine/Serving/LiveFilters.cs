using Recsys.Engine.Data;
using Recsys.Engine.Models;

namespace Recsys.Engine.Serving;

/// <summary>The filters of queries over items that become more. The table must not change while a filter is made.</summary>
/// <param name="items">What is known of items.</param>
internal sealed class LiveFilters(ItemStore items)
{
    private Masks? _masks;

    /// <summary>What is available.</summary>
    public ItemFilter Available(IdTable ids) => new() { Allowed = Optional(Current(ids).Available) };

    /// <summary>What a query allows.</summary>
    public ItemFilter Of(IdTable ids, RecommendationQuery query)
    {
        var masks = Current(ids);
        ulong[]? allowed = masks.Available;
        if (query.Categories.Count > 0)
        {
            allowed = new ulong[masks.Words];
            foreach (string category in query.Categories)
            {
                ulong[] one = masks.Category(category);
                for (int w = 0; w < allowed.Length; w++)
                {
                    allowed[w] |= one[w];
                }
            }
        }

        if (query.Allow is { } listed)
        {
            ulong[] named = new ulong[masks.Words];
            foreach (string id in listed)
            {
                if (ids.TryGetIndex(id, out int index) && (allowed is null || (allowed[index >> 6] >> (index & 63) & 1) != 0))
                {
                    named[index >> 6] |= 1UL << (index & 63);
                }
            }

            allowed = named;
        }

        int[] excluded =
        [
            .. query.Exclude.Select(id => ids.TryGetIndex(id, out int index) ? index : -1).Where(i => i >= 0).Distinct().Order(),
        ];
        return new ItemFilter { KeepSeen = query.KeepSeen, Allowed = Optional(allowed), Exclude = excluded };
    }

    // Converted by itself, an array that is null would be an allow-list that allows nothing.
    private static ReadOnlyMemory<ulong>? Optional(ulong[]? mask) => mask is null ? default(ReadOnlyMemory<ulong>?) : new ReadOnlyMemory<ulong>(mask);

    private ItemMasks Current(IdTable ids)
    {
        var masks = Volatile.Read(ref _masks);
        long revision = items.Revision;
        if (masks is null || masks.Masked.Revision != revision || masks.Items != ids.Count)
        {
            masks = new Masks(new ItemMasks(ids, items, revision), ids.Count);
            Volatile.Write(ref _masks, masks);
        }

        return masks.Masked;
    }

    private sealed record Masks(ItemMasks Masked, int Items);
}
