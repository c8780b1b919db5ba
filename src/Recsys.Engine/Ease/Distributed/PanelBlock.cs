using System.Runtime.InteropServices;
using Recsys.Engine.Numerics;

namespace Recsys.Engine.Ease.Distributed;

/// <summary>
/// A piece of a matrix on its way: rows × columns float32, at most <see cref="MaxBytes"/>. Nobody writes to it while it is
/// of use. In process it is a view of the owner's memory; <see cref="Copy(int, int, int, ReadOnlySpan{float})"/> makes one from what came over a wire.
/// </summary>
public sealed class PanelBlock
{
    /// <summary>Most bytes of values in one block.</summary>
    public const int MaxBytes = 4 << 20;

    private readonly NativeBuffer<float> _memory;
    private readonly long _offset;
    private readonly bool _isOwn;

    /// <summary>A view of rows of a matrix, their first columns.</summary>
    internal PanelBlock(int first, int rows, int columns, DenseMatrix owner, int ownerRow)
    {
        First = first;
        Rows = rows;
        Columns = columns;
        Stride = owner.Stride;
        _memory = owner.Buffer;
        _offset = (long)ownerRow * owner.Stride;
    }

    private PanelBlock(int first, int rows, int columns, bool isForgettable)
    {
        First = first;
        Rows = rows;
        Columns = columns;
        Stride = columns;
        _isOwn = true;
        _memory = NativeBuffer<float>.Recycled((long)rows * columns, isForgettable);
    }

    /// <summary>The number of the first row in what the block is a piece of.</summary>
    public int First { get; }

    /// <summary>Number of rows here.</summary>
    public int Rows { get; }

    /// <summary>Number of columns.</summary>
    public int Columns { get; }

    /// <summary>Bytes of its values.</summary>
    public long Bytes => (long)Rows * Columns * sizeof(float);

    /// <summary>The values of a row.</summary>
    public ReadOnlySpan<float> Row(int row)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)row, (uint)Rows, nameof(row));
        return _memory.Slice(_offset + ((long)row * Stride), Columns);
    }

    /// <summary>A block in memory of its own, from rows × columns values.</summary>
    /// <exception cref="RecsysException">The values are not as many as the shape says, or too many for a block.</exception>
    public static PanelBlock Copy(int first, int rows, int columns, ReadOnlySpan<float> values)
    {
        Guard(rows, columns);
        if (values.Length != rows * columns)
        {
            throw new RecsysException($"panel block: {values.Length} values for {rows} rows of {columns}");
        }

        var block = Create(first, rows, columns, out var own);
        values.CopyTo(own);
        return block;
    }

    /// <summary>A block in memory of its own, for decoders.</summary>
    /// <param name="first">The number of the first row.</param>
    /// <param name="rows">Number of rows.</param>
    /// <param name="columns">Number of columns.</param>
    /// <param name="values">Its rows × columns values, to be written, all of them, before it is given to anybody.</param>
    /// <exception cref="RecsysException">They are too many for a block.</exception>
    public static PanelBlock Create(int first, int rows, int columns, out Span<float> values)
    {
        Guard(rows, columns);
        var block = new PanelBlock(first, rows, columns, isForgettable: false);
        values = block._memory.AsSpan();
        return block;
    }

    /// <summary>A block in memory of its own, with what another holds now.</summary>
    internal static PanelBlock Copy(PanelBlock source)
    {
        Guard(source.Rows, source.Columns);
        // Nobody releases it where it goes over a wire.
        var block = new PanelBlock(source.First, source.Rows, source.Columns, isForgettable: true);
        for (int r = 0; r < source.Rows; r++)
        {
            source.Row(r).CopyTo(block._memory.Slice((long)r * source.Columns, source.Columns));
        }

        return block;
    }

    /// <summary>Refuses a shape that is none, or whose values are more than <see cref="MaxBytes"/>: for decoders, before they allocate.</summary>
    /// <exception cref="RecsysException">It is such a shape.</exception>
    public static void Guard(int rows, int columns)
    {
        if (rows < 0 || columns < 0 || (long)rows * columns > MaxBytes / sizeof(float))
        {
            throw new RecsysException($"panel block: {rows} rows of {columns} are not between 0 and {MaxBytes} bytes");
        }
    }

    /// <summary>Most rows of so many columns in one block.</summary>
    public static int RowsFor(int columns) => Math.Max(1, MaxBytes / sizeof(float) / Math.Max(1, columns));

    /// <summary>The rows × columns values without padding.</summary>
    public float[] ToArray()
    {
        var values = GC.AllocateUninitializedArray<float>(checked(Rows * Columns));
        for (int r = 0; r < Rows; r++)
        {
            Row(r).CopyTo(values.AsSpan(r * Columns, Columns));
        }

        return values;
    }

    /// <summary>The values as bytes into <paramref name="target"/>, which has room for <see cref="Bytes"/>: for encoders.</summary>
    public void CopyTo(Span<byte> target)
    {
        for (int r = 0; r < Rows; r++)
        {
            var row = MemoryMarshal.AsBytes(Row(r));
            row.CopyTo(target[(r * row.Length)..]);
        }
    }

    /// <summary>The first row, whose rows lie <see cref="Stride"/> floats apart.</summary>
    internal unsafe float* Pointer => _memory.Pointer + _offset;

    /// <summary>Floats from one row to the next.</summary>
    internal int Stride { get; }

    /// <summary>Gives memory of its own back, to be used by other blocks: for who has fetched the block and is done with it.</summary>
    internal void Release()
    {
        if (_isOwn)
        {
            _memory.Dispose();
        }
    }
}
