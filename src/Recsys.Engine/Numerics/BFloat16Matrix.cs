using Recsys.Engine.Compute;

namespace Recsys.Engine.Numerics;

/// <summary>
/// A copy of a matrix rounded to bfloat16: half the memory, and half the time where memory is what limits, with values
/// within 2⁻⁸ of their magnitude. Rows start on 64-byte boundaries; inside a row columns c and c + 16 of each 32 share
/// 32 bits, so that a shift and a mask widen them in column order. Immutable.
/// </summary>
public sealed unsafe class BFloat16Matrix : IDisposable
{
    private readonly NativeBuffer<ushort> _buffer;

    /// <summary>Copies <paramref name="source"/>, with the help of a pool where there is one.</summary>
    public BFloat16Matrix(DenseMatrix source, ComputePool? pool = null)
    {
        ArgumentNullException.ThrowIfNull(source);
        Rows = source.Rows;
        Columns = source.Columns;
        Stride = (Columns + 31) & ~31;
        _buffer = new NativeBuffer<ushort>((long)Rows * Stride);
        if (pool is not null)
        {
            pool.Run(Rows, (_, row) => Copy(source.Row(row), RowPointer(row)));
            return;
        }

        for (int row = 0; row < Rows; row++)
        {
            Copy(source.Row(row), RowPointer(row));
        }
    }

    /// <summary>Number of rows.</summary>
    public int Rows { get; }

    /// <summary>Number of columns.</summary>
    public int Columns { get; }

    /// <summary>Bytes of memory held.</summary>
    public long Bytes => _buffer.Length * sizeof(ushort);

    /// <summary>Elements from one row's start to the next one's: columns rounded up to 32.</summary>
    internal int Stride { get; }

    /// <summary>Element (<paramref name="row"/>, <paramref name="column"/>), bounds-checked.</summary>
    public float this[int row, int column]
    {
        get
        {
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)column, (uint)Columns, nameof(column));
            return BFloat16.ToSingle(_buffer[((long)row * Stride) + Place(column)]);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _buffer.Dispose();

    /// <summary>The first element of a row, not bounds-checked.</summary>
    internal ushort* RowPointer(int row) => _buffer.Pointer + ((long)row * Stride);

    private static int Place(int column) => (column & ~31) + ((column & 15) << 1) + ((column >> 4) & 1);

    private static void Copy(ReadOnlySpan<float> from, ushort* to)
    {
        for (int c = 0; c < from.Length; c++)
        {
            to[Place(c)] = BFloat16.FromSingle(from[c]);
        }
    }
}
