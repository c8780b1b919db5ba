using System.Runtime.InteropServices;
using Recsys.Engine.Numerics;

namespace Recsys.Engine.Ease.Distributed;

/// <summary>
/// A piece of a matrix on its way: rows × columns float32, at most <see cref="MaxBytes"/>. Nobody writes to it while it is
/// of use. In process it is a view of the owner's memory; <see cref="Copy"/> makes one from what came over a wire.
/// </summary>
public sealed class PanelBlock
{
    /// <summary>Most bytes of values in one block.</summary>
    public const int MaxBytes = 4 << 20;

    private readonly DenseMatrix _owner;
    private readonly int _ownerRow;

    internal PanelBlock(int first, int rows, int columns, DenseMatrix owner, int ownerRow)
    {
        First = first;
        Rows = rows;
        Columns = columns;
        _owner = owner;
        _ownerRow = ownerRow;
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
        return _owner.Row(_ownerRow + row)[..Columns];
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

        var owner = new DenseMatrix(rows, columns);
        for (int r = 0; r < rows; r++)
        {
            values.Slice(r * columns, columns).CopyTo(owner.Row(r));
        }

        return new PanelBlock(first, rows, columns, owner, 0);
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
    internal unsafe float* Pointer => _owner.RowPointer(_ownerRow);

    /// <summary>Floats from one row to the next.</summary>
    internal int Stride => _owner.Stride;
}
