using Recsys.Engine.Data;
using Recsys.Engine.Serving;

namespace Recsys.Engine.Online.Cold;

/// <summary>
/// What items are described by, as columns: one for each category, 1 for its items, and one for each feature, divided by
/// its greatest magnitude so that years weigh no more than shares. Columns are in the order of their names: the same
/// items, the same columns.
/// </summary>
internal sealed class ItemFeatures
{
    private readonly Dictionary<string, int> _columns;
    private readonly float[] _scales;

    private ItemFeatures(Dictionary<string, int> columns, float[] scales)
    {
        _columns = columns;
        _scales = scales;
    }

    /// <summary>Number of columns.</summary>
    public int Count => _scales.Length;

    /// <summary>The columns that describe some items.</summary>
    public static ItemFeatures Of(IReadOnlyCollection<ItemUpdate> items)
    {
        var greatest = new SortedDictionary<string, float>(StringComparer.Ordinal);
        foreach (var item in items)
        {
            foreach (var (name, value) in Named(item))
            {
                greatest[name] = Math.Max(greatest.GetValueOrDefault(name), Math.Abs(value));
            }
        }

        var columns = new Dictionary<string, int>(greatest.Count, StringComparer.Ordinal);
        foreach (string name in greatest.Keys)
        {
            columns.Add(name, columns.Count);
        }

        return new ItemFeatures(columns, [.. greatest.Values.Select(g => 1 / g)]);
    }

    /// <summary>An item's columns, ascending, with their values.</summary>
    public (int[] Columns, float[] Values) RowOf(ItemUpdate item)
    {
        var row = new SortedDictionary<int, float>();
        foreach (var (name, value) in Named(item))
        {
            if (_columns.TryGetValue(name, out int column))
            {
                row[column] = value * _scales[column];
            }
        }

        return ([.. row.Keys], [.. row.Values]);
    }

    /// <summary>Items × columns; an item that is not described (null) has none.</summary>
    public SparseMatrix Matrix(IReadOnlyList<ItemUpdate?> items)
    {
        var offsets = new long[items.Count + 1];
        var columns = new List<int>();
        var values = new List<float>();
        for (int i = 0; i < items.Count; i++)
        {
            if (items[i] is { } item)
            {
                var row = RowOf(item);
                columns.AddRange(row.Columns);
                values.AddRange(row.Values);
            }

            offsets[i + 1] = columns.Count;
        }

        return new SparseMatrix(items.Count, Count, offsets, [.. columns], [.. values]);
    }

    // Letters' case makes no other category; a letter in front keeps categories and features apart.
    private static IEnumerable<(string Name, float Value)> Named(ItemUpdate item)
    {
        foreach (string category in item.Categories)
        {
            yield return ("c" + category.ToUpperInvariant(), 1);
        }

        foreach (var (name, value) in item.Features)
        {
            if (value != 0 && float.IsFinite(value))
            {
                yield return ("f" + name, value);
            }
        }
    }
}
