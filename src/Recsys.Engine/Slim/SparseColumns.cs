using Recsys.Engine.Data;

namespace Recsys.Engine.Slim;

/// <summary>
/// Gathers sparse columns that come in any order from several workers into one matrix. Every worker appends to arrays
/// of its own.
/// </summary>
internal sealed class SparseColumns
{
    private readonly Part[] _parts;
    private readonly (int Worker, int Start, int Length)[] _columns;

    /// <summary>Room for <paramref name="columns"/> columns.</summary>
    public SparseColumns(int columns, int workers)
    {
        _columns = new (int, int, int)[columns];
        _parts = new Part[workers];
        for (int w = 0; w < workers; w++)
        {
            _parts[w] = new Part();
        }
    }

    /// <summary>Keeps a copy of a column.</summary>
    public void Add(int worker, int column, ReadOnlySpan<int> rows, ReadOnlySpan<float> values) =>
        _columns[column] = (worker, _parts[worker].Append(rows, values), rows.Length);

    /// <summary>The matrix, by rows.</summary>
    public SparseMatrix ToRows()
    {
        int n = _columns.Length;
        var offsets = new long[n + 1];
        for (int j = 0; j < n; j++)
        {
            offsets[j + 1] = offsets[j] + _columns[j].Length;
        }

        if (offsets[n] > Array.MaxLength)
        {
            throw new RecsysException($"{offsets[n]} weights are more than the {Array.MaxLength} supported: raise l1");
        }

        var rows = new int[offsets[n]];
        var values = new float[offsets[n]];
        for (int j = 0; j < n; j++)
        {
            var (worker, start, length) = _columns[j];
            Array.Copy(_parts[worker].Rows, start, rows, offsets[j], length);
            Array.Copy(_parts[worker].Values, start, values, offsets[j], length);
        }

        return new SparseMatrix(n, n, offsets, rows, values).Transpose();
    }

    private sealed class Part
    {
        private int _count;

        public int[] Rows { get; private set; } = [];

        public float[] Values { get; private set; } = [];

        public int Append(ReadOnlySpan<int> rows, ReadOnlySpan<float> values)
        {
            int start = _count;
            if (rows.Length > Rows.Length - start)
            {
                long room = Math.Max(4096, Math.Min(Array.MaxLength, Math.Max(2L * Rows.Length, (long)start + rows.Length)));
                if (room < (long)start + rows.Length)
                {
                    throw new RecsysException($"more than {Array.MaxLength} weights: raise l1");
                }

                var (oldRows, oldValues) = (Rows, Values);
                Rows = new int[room];
                Values = new float[room];
                oldRows.AsSpan(0, start).CopyTo(Rows);
                oldValues.AsSpan(0, start).CopyTo(Values);
            }

            rows.CopyTo(Rows.AsSpan(start));
            values.CopyTo(Values.AsSpan(start));
            _count += rows.Length;
            return start;
        }
    }
}
