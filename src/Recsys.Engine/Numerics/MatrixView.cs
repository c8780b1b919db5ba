namespace Recsys.Engine.Numerics;

/// <summary>
/// A window on float32 values somewhere in memory: element (i, j) is at i·<see cref="RowStride"/> +
/// j·<see cref="ColumnStride"/>, one of the two strides being 1. It owns nothing: whoever owns the memory has to stay
/// reachable and undisposed while views of it are used.
/// </summary>
public readonly unsafe struct MatrixView
{
    /// <summary>A row-major matrix of <paramref name="stride"/> floats from one row to the next.</summary>
    /// <exception cref="RecsysException">The pointer is null or not on a float boundary, or rows overlap.</exception>
    public MatrixView(float* pointer, int rows, int columns, long stride)
        : this(pointer, rows, columns, checked((nint)stride), 1)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(rows);
        ArgumentOutOfRangeException.ThrowIfNegative(columns);
        if (rows > 0 && columns > 0)
        {
            if (pointer is null || ((nuint)pointer & (sizeof(float) - 1)) != 0)
            {
                throw new RecsysException($"matrix view: the address {(nuint)pointer:x} is not that of a float");
            }

            if (stride < columns && rows > 1)
            {
                throw new RecsysException($"matrix view: {columns} columns do not fit in a stride of {stride}");
            }
        }
    }

    private MatrixView(float* pointer, int rows, int columns, nint rowStride, nint columnStride)
    {
        Pointer = pointer;
        Rows = rows;
        Columns = columns;
        RowStride = rowStride;
        ColumnStride = columnStride;
    }

    /// <summary>Element (0, 0).</summary>
    public float* Pointer { get; }

    /// <summary>Number of rows.</summary>
    public int Rows { get; }

    /// <summary>Number of columns.</summary>
    public int Columns { get; }

    /// <summary>Floats from one row to the next.</summary>
    public nint RowStride { get; }

    /// <summary>Floats from one column to the next.</summary>
    public nint ColumnStride { get; }

    /// <summary>The same values with rows and columns exchanged; nothing is copied.</summary>
    public MatrixView Transposed => new(Pointer, Columns, Rows, ColumnStride, RowStride);

    /// <summary>The whole of <paramref name="matrix"/>.</summary>
    public static implicit operator MatrixView(DenseMatrix matrix)
    {
        ArgumentNullException.ThrowIfNull(matrix);
        return new MatrixView(matrix.Pointer, matrix.Rows, matrix.Columns, matrix.Stride);
    }

    /// <summary>A part of the view.</summary>
    public MatrixView Slice(int row, int column, int rows, int columns)
    {
        if (row < 0 || column < 0 || rows < 0 || columns < 0 || row > Rows - rows || column > Columns - columns)
        {
            throw new RecsysException($"matrix view: {rows} x {columns} at ({row}, {column}) is outside of {Rows} x {Columns}");
        }

        return new MatrixView(Pointer + (row * RowStride) + (column * ColumnStride), rows, columns, RowStride, ColumnStride);
    }

    /// <summary>Packs this as operand A (slivers of rows), times <paramref name="alpha"/>.</summary>
    internal void PackAsA(int width, float alpha, float* target)
    {
        if (ColumnStride == 1)
        {
            Packing.PackColumns(Pointer, RowStride, Rows, Columns, width, alpha, target);
        }
        else
        {
            Packing.PackRows(Pointer, ColumnStride, Rows, Columns, width, alpha, target);
        }
    }

    /// <summary>Packs this as operand B (slivers of columns).</summary>
    internal void PackAsB(int width, float* target) => Transposed.PackAsA(width, 1, target);
}
