using System.Collections.Concurrent;
using Recsys.Engine.Data;

namespace Recsys.Engine.Serving;

/// <summary>
/// One bit an item of a model, by category and availability, at one revision of the catalogue. Computed when first
/// asked for.
/// </summary>
internal sealed class ItemMasks
{
    private const long MaxCachedBytes = 64L << 20;

    private readonly ConcurrentDictionary<string, ulong[]> _categories = new(StringComparer.OrdinalIgnoreCase);
    private readonly IdTable _table;
    private readonly ItemStore _items;
    private long _cachedBytes;

    public ItemMasks(IdTable table, ItemStore items, long revision)
    {
        _table = table;
        _items = items;
        Revision = revision;
        foreach (string id in items.Unavailable)
        {
            if (table.TryGetIndex(id, out int index))
            {
                Available ??= All();
                Available[index >> 6] &= ~(1UL << (index & 63));
            }
        }
    }

    public long Revision { get; }

    /// <summary>Items that may be recommended; null where all may.</summary>
    public ulong[]? Available { get; }

    /// <summary>Words of a mask.</summary>
    public int Words => (_table.Count + 63) >> 6;

    /// <summary>Available items of a category. The array is shared: not to be written.</summary>
    public ulong[] Category(string category)
    {
        if (_categories.TryGetValue(category, out ulong[]? mask))
        {
            return mask;
        }

        mask = new ulong[Words];
        bool known = false;
        foreach (string id in _items.InCategory(category))
        {
            known = true;
            if (_table.TryGetIndex(id, out int index) && (Available is null || (Available[index >> 6] >> (index & 63) & 1) != 0))
            {
                mask[index >> 6] |= 1UL << (index & 63);
            }
        }

        // Names that no item has are the caller's invention: remembering them would let callers fill the memory.
        if (known && Interlocked.Add(ref _cachedBytes, mask.Length * 8L) <= MaxCachedBytes)
        {
            _categories[category] = mask;
        }

        return mask;
    }

    private ulong[] All()
    {
        ulong[] all = new ulong[Words];
        Array.Fill(all, ulong.MaxValue);
        return all;
    }
}
