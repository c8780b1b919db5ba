namespace Recsys.Engine.Data;

/// <summary>
/// An immutable rows × columns matrix in compressed sparse rows: the columns of each row ascend strictly. Without
/// values every stored element is 1. Used for users × items (histories) and its transpose.
/// </summary>
public sealed class SparseMatrix
{
    private readonly long[] _offsets;
    private readonly int[] _columns;
    private readonly float[]? _values;

    /// <summary>Wraps the arrays, which the matrix then owns.</summary>
    /// <param name="rows">Number of rows.</param>
    /// <param name="columnCount">Number of columns.</param>
    /// <param name="offsets">rows + 1 offsets of the rows' elements.</param>
    /// <param name="columns">Column of each element, strictly ascending within a row.</param>
    /// <param name="values">Value of each element, or null where all are 1.</param>
    /// <exception cref="RecsysException">The arrays do not describe such a matrix.</exception>
    public SparseMatrix(int rows, int columnCount, long[] offsets, int[] columns, float[]? values = null)
    {
        if (offsets.Length != rows + 1 || offsets[0] != 0 || offsets[rows] != columns.Length
            || (values is not null && values.Length != columns.Length))
        {
            throw new RecsysException("sparse matrix: the arrays' lengths do not agree");
        }

        for (int r = 0; r < rows; r++)
        {
            if (offsets[r + 1] < offsets[r])
            {
                throw new RecsysException($"sparse matrix: the offsets fall at row {r}");
            }
        }

        // Offsets that never fall and end at the last element lie within the arrays.
        for (int r = 0; r < rows; r++)
        {
            int previous = -1;
            for (long e = offsets[r]; e < offsets[r + 1]; e++)
            {
                if (columns[e] <= previous || columns[e] >= columnCount)
                {
                    throw new RecsysException($"sparse matrix: row {r} has column {columns[e]} after {previous}, of {columnCount}");
                }

                previous = columns[e];
            }
        }

        Rows = rows;
        Columns = columnCount;
        _offsets = offsets;
        _columns = columns;
        _values = values;
    }

    /// <summary>Number of rows.</summary>
    public int Rows { get; }

    /// <summary>Number of columns.</summary>
    public int Columns { get; }

    /// <summary>Number of stored elements.</summary>
    public long Count => _columns.Length;

    /// <summary>Whether elements carry values; otherwise all are 1.</summary>
    public bool HasValues => _values is not null;

    /// <summary>Offsets of the rows, <see cref="Rows"/> + 1 of them.</summary>
    public ReadOnlySpan<long> Offsets => _offsets;

    /// <summary>All columns, row by row.</summary>
    public ReadOnlySpan<int> AllColumns => _columns;

    /// <summary>All values, row by row; empty where all are 1.</summary>
    public ReadOnlySpan<float> AllValues => _values;

    /// <summary>The arrays themselves, to be pinned; not to be changed.</summary>
    internal (long[] Offsets, int[] Columns, float[]? Values) Arrays => (_offsets, _columns, _values);

    /// <summary>Number of stored elements of a row.</summary>
    public int RowLength(int row) => (int)(_offsets[row + 1] - _offsets[row]);

    /// <summary>The columns of a row, ascending.</summary>
    public ReadOnlySpan<int> Row(int row) => _columns.AsSpan((int)_offsets[row], RowLength(row));

    /// <summary>The values of a row; empty where all are 1.</summary>
    public ReadOnlySpan<float> RowValues(int row) =>
        _values is null ? default : _values.AsSpan((int)_offsets[row], RowLength(row));

    /// <summary>The transpose, columns × rows.</summary>
    public SparseMatrix Transpose() => Transpose(Rows, Columns, _offsets, _columns, _values);

    /// <summary>The same of a matrix's arrays, whose columns need not be sorted: dealt out in the order of rows, they lie in order afterwards.</summary>
    internal static SparseMatrix Transpose(int rows, int columnCount, long[] rowOffsets, int[] rowColumns, float[]? rowValues)
    {
        var offsets = new long[columnCount + 1];
        foreach (int c in rowColumns)
        {
            offsets[c + 1]++;
        }

        for (int c = 0; c < columnCount; c++)
        {
            offsets[c + 1] += offsets[c];
        }

        var next = offsets.AsSpan(0, columnCount).ToArray();
        var columns = new int[rowColumns.Length];
        var values = rowValues is null ? null : new float[rowValues.Length];
        for (int r = 0; r < rows; r++)
        {
            for (long e = rowOffsets[r]; e < rowOffsets[r + 1]; e++)
            {
                long to = next[rowColumns[e]]++;
                columns[to] = r;
                if (values is not null)
                {
                    values[to] = rowValues![e];
                }
            }
        }

        return new SparseMatrix(columnCount, rows, offsets, columns, values);
    }

    /// <summary>The same pattern with every value 1.</summary>
    public SparseMatrix Binarized() => _values is null ? this : new SparseMatrix(Rows, Columns, _offsets, _columns);
}
