using Recsys.Engine.Data;

namespace Recsys.Engine.Evaluation;

/// <summary>Brings rows of a data set into another table's item indices, by id.</summary>
internal static class IdMapping
{
    /// <summary>
    /// Rows of <paramref name="data"/> (−1: an empty row) in the indices of <paramref name="items"/>; elements of items
    /// not in it are dropped, and those of a weight above 0 counted by row.
    /// </summary>
    public static SparseMatrix Map(Dataset data, int[] rows, IdTable items, out int[] unknown)
    {
        var matrix = data.Interactions;
        var to = new int[data.Items.Count];
        for (int i = 0; i < to.Length; i++)
        {
            to[i] = items.TryGetIndex(data.Items.Utf8(i), out int index) ? index : -1;
        }

        var offsets = new long[rows.Length + 1];
        var columns = new List<int>();
        var values = matrix.HasValues ? new List<float>() : null;
        unknown = new int[rows.Length];
        var row = new List<(int Column, float Value)>();
        for (int r = 0; r < rows.Length; r++)
        {
            row.Clear();
            var from = rows[r] < 0 ? default : matrix.Row(rows[r]);
            var weights = rows[r] < 0 ? default : matrix.RowValues(rows[r]);
            for (int e = 0; e < from.Length; e++)
            {
                float weight = weights.IsEmpty ? 1 : weights[e];
                if (to[from[e]] >= 0)
                {
                    row.Add((to[from[e]], weight));
                }
                else if (weight > 0)
                {
                    unknown[r]++;
                }
            }

            row.Sort((a, b) => a.Column.CompareTo(b.Column));
            foreach (var (column, value) in row)
            {
                columns.Add(column);
                values?.Add(value);
            }

            offsets[r + 1] = columns.Count;
        }

        return new SparseMatrix(rows.Length, items.Count, offsets, [.. columns], values?.ToArray());
    }
}
