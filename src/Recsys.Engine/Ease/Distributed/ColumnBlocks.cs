using Recsys.Engine.Data;
using Recsys.Engine.Numerics;

namespace Recsys.Engine.Ease.Distributed;

/// <summary>
/// The columns of one partition, n rows × own columns, and the arithmetic on them, block by block: callers spread it over
/// threads. Of the whole matrix only the lower triangle is used until <see cref="Mirror"/> and <see cref="Place"/> fill the rest.
/// </summary>
internal sealed unsafe class ColumnBlocks(EaseLayout layout, int partition, SweepKernel kernel) : IDisposable
{
    /// <summary>Columns of the Gram matrix computed at a time.</summary>
    public const int Strip = 16;

    private readonly DenseMatrix _columns = new(layout.Items, layout.Columns(partition));

    /// <summary>The matrix.</summary>
    public DenseMatrix Matrix => _columns;

    /// <summary>Number of own columns.</summary>
    public int Columns => _columns.Columns;

    /// <summary>The columns of a strip from the diagonal down, by way of a scratch of 16 rows of n.</summary>
    public void Gram(SparseMatrix users, SparseMatrix items, EaseOptions options, int strip, DenseMatrix scratch)
    {
        int local = strip * Strip;
        int width = Math.Min(Strip, Columns - local);
        int first = (layout.Owned(partition)[local / layout.Block] * layout.Block) + (local % layout.Block);
        int length = layout.Items - first;
        for (int c = 0; c < width; c++)
        {
            scratch.Row(c)[first..].Clear();
            GramColumns.Add(users, items, first + c, EaseDiagonal.Of(options), scratch.RowPointer(c));
        }

        Packing.Transpose(scratch.RowPointer(0) + first, scratch.Stride, width, length, _columns.RowPointer(first) + local, _columns.Stride);
    }

    /// <summary>L⁻¹ of a pivot block.</summary>
    public void InvertPivot(int pivot, DenseMatrix inverse) => kernel.InvertPivot(
        Cell(pivot, pivot), _columns.Stride, layout.Width(pivot), (long)pivot * layout.Block, inverse.Pointer);

    /// <summary>The own pivot block is swept.</summary>
    public void SweepPivot(int worker, int pivot, PackedStep step) => kernel.SweepPivot(
        worker, layout.Width(pivot), step.Inverse, step.Backward, Cell(pivot, pivot), _columns.Stride);

    /// <summary>A block of the panel is swept; its Yᵀ goes to square number <paramref name="place"/> of <paramref name="panel"/>.</summary>
    public void Gather(int worker, int pivot, int chunk, PackedStep step, DenseMatrix panel, int place)
    {
        bool before = chunk < pivot;
        float* cell = before ? Cell(pivot, chunk) : Cell(chunk, pivot);
        float* y = panel.RowPointer(place * layout.Block);
        kernel.Gather(
            worker,
            layout.Width(pivot),
            layout.Width(chunk),
            before,
            step.Forward,
            step.Backward,
            cell,
            _columns.Stride,
            y,
            step.Left(chunk),
            step.Right(chunk));
        step.SetPacked(chunk);
    }

    /// <summary>A block less its part of the panel's product.</summary>
    public void Update(int row, int column, int pivot, PackedStep step) => kernel.Update(
        row == column,
        layout.Width(row),
        layout.Width(column),
        layout.Width(pivot),
        step.Left(row),
        step.Right(column),
        Cell(row, column),
        _columns.Stride);

    /// <summary>The upper triangle of a diagonal block.</summary>
    public void Mirror(int chunk)
    {
        float* cell = Cell(chunk, chunk);
        for (int row = 1; row < layout.Width(chunk); row++)
        {
            for (int column = 0; column < row; column++)
            {
                cell[((nint)column * _columns.Stride) + row] = cell[((nint)row * _columns.Stride) + column];
            }
        }
    }

    /// <summary>Rows of a partition's first block columns become own columns from <paramref name="localColumn"/> on.</summary>
    public void Place(PanelBlock block, int from, int chunks, int localColumn)
    {
        var owned = layout.Owned(from);
        for (int c = 0; c < chunks; c++)
        {
            float* to = _columns.RowPointer(owned[c] * layout.Block) + localColumn;
            Packing.Transpose(block.Pointer + (c * layout.Block), block.Stride, block.Rows, layout.Block, to, _columns.Stride);
        }

        GC.KeepAlive(block);
    }

    /// <summary>−P_jj of the own columns, negated.</summary>
    public float[] Diagonal()
    {
        int[] items = layout.ItemsOf(partition);
        return [.. items.Select((item, c) => -_columns[item, c])];
    }

    /// <summary>Row i of −P to B: each element times 1 / P_jj, 0 on the diagonal.</summary>
    public void Weigh(int i, ReadOnlySpan<float> scale, bool clip)
    {
        // One machine multiplies −(−P) by −1/P_jj: the same bits.
        var row = _columns.Row(i);
        VectorMath.Multiply(row, scale);
        int chunk = i / layout.Block;
        if (layout.OwnerOf(chunk) == partition)
        {
            row[layout.LocalColumn(chunk) + (i % layout.Block)] = 0;
        }

        if (clip)
        {
            VectorMath.ClampNegative(row);
        }
    }

    /// <summary>A copy of rows of the first columns, as many as fit in a message.</summary>
    public PanelBlock Copy(int firstRow, int maxRows, int columns)
    {
        if (firstRow < 0 || firstRow > layout.Items || columns < 0 || columns > Columns || maxRows < 0)
        {
            throw new RecsysException($"EASE: partition {partition} has no {maxRows} rows from {firstRow} of {columns} columns");
        }

        int rows = Math.Min(Math.Min(maxRows, PanelBlock.RowsFor(columns)), layout.Items - firstRow);
        return PanelBlock.Copy(new PanelBlock(firstRow, rows, columns, _columns, firstRow));
    }

    /// <summary>The lower triangle in pieces that fit in a message: first row, rows, and how many of the first columns.</summary>
    public IEnumerable<PanelBlock> Pieces()
    {
        for (int chunk = 0; chunk < layout.Chunks; chunk++)
        {
            int owned = layout.OwnedBefore(partition, chunk + 1);
            int columns = owned == 0 ? 0 : ((owned - 1) * layout.Block) + layout.Width(layout.Owned(partition)[owned - 1]);
            int end = (chunk * layout.Block) + layout.Width(chunk);
            int most = PanelBlock.RowsFor(columns);
            for (int row = chunk * layout.Block; columns > 0 && row < end; row += most)
            {
                yield return new PanelBlock(row, Math.Min(most, end - row), columns, _columns, row);
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _columns.Dispose();

    private float* Cell(int rowChunk, int columnChunk) =>
        _columns.RowPointer(rowChunk * layout.Block) + layout.LocalColumn(columnChunk);
}
