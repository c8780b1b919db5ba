using Recsys.Engine.Data;

namespace Recsys.Engine.Negatives;

/// <summary>
/// How many users each item has (with a positive weight): its popularity, kept current while a learner runs. Grows with
/// the items. One writer; readers need its lock or a copy.
/// </summary>
public sealed class ItemCounts
{
    private int[] _counts;

    /// <summary>Counts of <paramref name="items"/> items without users.</summary>
    public ItemCounts(int items)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(items);
        _counts = new int[Math.Max(16, items)];
        Items = items;
    }

    /// <summary>Number of items.</summary>
    public int Items { get; private set; }

    /// <summary>Sum of all counts.</summary>
    public long Total { get; private set; }

    /// <summary>Users of an item; 0 for an item beyond <see cref="Items"/>.</summary>
    public int this[int item] => (uint)item < (uint)_counts.Length ? _counts[item] : 0;

    /// <summary>The counts, one an item.</summary>
    public ReadOnlySpan<int> AsSpan() => _counts.AsSpan(0, Items);

    /// <summary>Counts the elements above zero in each column of users × items.</summary>
    public static ItemCounts Of(SparseMatrix interactions)
    {
        var counts = new ItemCounts(interactions.Columns);
        var columns = interactions.AllColumns;
        var values = interactions.AllValues;
        for (int e = 0; e < columns.Length; e++)
        {
            if (values.IsEmpty || values[e] > 0)
            {
                counts._counts[columns[e]]++;
                counts.Total++;
            }
        }

        return counts;
    }

    /// <summary>Adds <paramref name="change"/> to an item's count, which may be new, and returns the count.</summary>
    public int Add(int item, int change)
    {
        Grow(item + 1);
        Total += change;
        return _counts[item] += change;
    }

    /// <summary>Makes room for <paramref name="items"/> items in all.</summary>
    public void Grow(int items)
    {
        if (items > _counts.Length)
        {
            Array.Resize(ref _counts, Math.Max(items, _counts.Length * 2));
        }

        Items = Math.Max(Items, items);
    }
}
