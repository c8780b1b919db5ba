using System.Runtime.InteropServices;
using Recsys.Engine.Numerics;

namespace Recsys.Engine.Als;

/// <summary>
/// Rows of a factor matrix from one in a virtual block on, perhaps through blocks that follow it, all of them or some; never written while
/// anybody holds it. In process it is a view of the owner's memory; <see cref="Copy"/> makes one from rows that came over a wire.
/// </summary>
public sealed unsafe class FactorBlock
{
    private readonly DenseMatrix _owner;
    private readonly int _ownerRow;

    internal FactorBlock(int phase, int block, int firstRow, int rows, DenseMatrix owner, int ownerRow, bool isView = true, RowSelection? wanted = null)
    {
        Phase = phase;
        Block = block;
        FirstRow = firstRow;
        Rows = rows;
        _owner = owner;
        _ownerRow = ownerRow;
        IsView = isView;
        Wanted = wanted;
    }

    /// <summary>The half-epoch these factors are for.</summary>
    public int Phase { get; }

    /// <summary>The virtual block of the first row.</summary>
    public int Block { get; }

    /// <summary>The first row's number, from the start of <see cref="Block"/>.</summary>
    public int FirstRow { get; }

    /// <summary>Number of rows here.</summary>
    public int Rows { get; }

    /// <summary>Those of the rows that were asked for, which is what a wire has to carry; others may be of any value. Null: all.</summary>
    public RowSelection? Wanted { get; }

    /// <summary>k.</summary>
    public int Factors => _owner.Columns;

    /// <summary>Floats from one row to the next.</summary>
    internal int Stride => _owner.Stride;

    /// <summary>Whether the memory is somebody else's; where not, who is given the block may free it.</summary>
    internal bool IsView { get; }

    /// <summary>What keeps <see cref="Pointer"/> valid.</summary>
    internal DenseMatrix Owner => _owner;

    /// <summary>The first row.</summary>
    internal float* Pointer => _owner.RowPointer(_ownerRow);

    /// <summary>The k factors of row <paramref name="row"/> of this block's rows.</summary>
    public ReadOnlySpan<float> Row(int row) => _owner.Row(_ownerRow + row);

    /// <summary>A block in memory of its own, from rows × k values.</summary>
    public static FactorBlock Copy(int phase, int block, int firstRow, int rows, int factors, ReadOnlySpan<float> values)
    {
        if (values.Length != (long)rows * factors)
        {
            throw new RecsysException($"factor block {block}: {values.Length} values for {rows} rows of {factors}");
        }

        var owner = new DenseMatrix(rows, factors);
        for (int r = 0; r < rows; r++)
        {
            values.Slice(r * factors, factors).CopyTo(owner.Row(r));
        }

        return new FactorBlock(phase, block, firstRow, rows, owner, 0, isView: false);
    }

    /// <summary>A block of the rows of <paramref name="rows"/>, which it then owns: nobody writes them any more.</summary>
    public static FactorBlock Own(int phase, int block, int firstRow, DenseMatrix rows, RowSelection? wanted = null) =>
        new(phase, block, firstRow, rows.Rows, rows, 0, isView: false, wanted);

    /// <summary>Frees rows that are this block's own, once nobody reads them any more.</summary>
    internal void Free()
    {
        if (!IsView)
        {
            _owner.Dispose();
        }
    }

    /// <summary>The rows × k values without padding, e.g. for a wire.</summary>
    public float[] ToArray()
    {
        var values = GC.AllocateUninitializedArray<float>(checked(Rows * Factors));
        for (int r = 0; r < Rows; r++)
        {
            Row(r).CopyTo(MemoryMarshal.CreateSpan(ref values[r * Factors], Factors));
        }

        return values;
    }
}
