namespace Recsys.Engine.Numerics;

/// <summary>
/// A row-major float32 matrix in native memory. Rows start on 64-byte boundaries: <see cref="Stride"/> is
/// <see cref="Columns"/> rounded up to 16 floats, and the padding is zero and stays so.
/// </summary>
public sealed unsafe class DenseMatrix : IDisposable
{
    private readonly NativeBuffer<float> _buffer;

    /// <summary>Allocates a zeroed <paramref name="rows"/> × <paramref name="columns"/> matrix.</summary>
    public DenseMatrix(int rows, int columns)
        : this(rows, columns, recycled: false)
    {
    }

    private DenseMatrix(int rows, int columns, bool recycled)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(rows);
        ArgumentOutOfRangeException.ThrowIfNegative(columns);
        Rows = rows;
        Columns = columns;
        Stride = (columns + 15) & ~15;
        long length = (long)rows * Stride;
        _buffer = recycled ? NativeBuffer<float>.Recycled(length) : new NativeBuffer<float>(length);
    }

    /// <summary>
    /// A matrix that comes and goes, in memory that an earlier one left: to be written as a whole, and to be disposed. Its
    /// elements are of any value; the padding is zero.
    /// </summary>
    public static DenseMatrix Recycled(int rows, int columns)
    {
        var matrix = new DenseMatrix(rows, columns, recycled: true);
        for (int r = 0; r < rows && matrix.Stride > columns; r++)
        {
            new Span<float>(matrix.RowPointer(r) + columns, matrix.Stride - columns).Clear();
        }

        return matrix;
    }

    /// <summary>Number of rows.</summary>
    public int Rows { get; }

    /// <summary>Number of columns.</summary>
    public int Columns { get; }

    /// <summary>Floats from one row's start to the next one's.</summary>
    public int Stride { get; }

    /// <summary>Bytes of memory held.</summary>
    public long Bytes => _buffer.Length * sizeof(float);

    /// <summary>The first element of row 0.</summary>
    public float* Pointer => _buffer.Pointer;

    /// <summary>The memory, <see cref="Rows"/> × <see cref="Stride"/> floats.</summary>
    public NativeBuffer<float> Buffer => _buffer;

    /// <summary>Element (<paramref name="row"/>, <paramref name="column"/>), bounds-checked.</summary>
    public ref float this[int row, int column]
    {
        get
        {
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)column, (uint)Columns, nameof(column));
            return ref _buffer[((long)row * Stride) + column];
        }
    }

    /// <summary>The <see cref="Columns"/> elements of a row.</summary>
    public Span<float> Row(int row)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)row, (uint)Rows, nameof(row));
        return new Span<float>(Pointer + ((long)row * Stride), Columns);
    }

    /// <summary>The first element of a row, not bounds-checked.</summary>
    public float* RowPointer(int row) => Pointer + ((long)row * Stride);

    /// <inheritdoc/>
    public void Dispose() => _buffer.Dispose();
}
