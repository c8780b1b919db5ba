using Recsys.Engine.Data;

namespace Recsys.Engine.Als;

/// <summary>
/// The interactions of the rows of a contiguous range of virtual blocks of one side. Rows are numbered from 0 in the
/// order of training (<see cref="RowOrder"/>); their columns are codes of rows of the other side, ascending.
/// </summary>
public sealed class PartitionRows
{
    private readonly RowOrder _order;
    private readonly Func<int, string> _ids;
    private readonly long[] _offsets;
    private readonly uint[] _columns;
    private readonly float[]? _weights;
    private readonly int _firstRow;

    private PartitionRows(
        RowOrder order, Func<int, string> ids, long[] offsets, uint[] columns, float[]? weights, int firstBlock, int endBlock, int others, string kind)
    {
        _order = order;
        _ids = ids;
        _offsets = offsets;
        _columns = columns;
        _weights = weights;
        _firstRow = order.BlockStarts[firstBlock];
        FirstBlock = firstBlock;
        EndBlock = endBlock;
        Count = order.BlockStarts[endBlock] - _firstRow;
        OtherCount = others;
        Kind = kind;
    }

    /// <summary>The first virtual block.</summary>
    public int FirstBlock { get; }

    /// <summary>The block after the last one.</summary>
    public int EndBlock { get; }

    /// <summary>Number of rows.</summary>
    public int Count { get; }

    /// <summary>Number of rows of the whole other side.</summary>
    public int OtherCount { get; }

    /// <summary>"user" or "item".</summary>
    public string Kind { get; }

    /// <summary>Whether interactions carry weights; otherwise all are 1.</summary>
    internal bool HasWeights => _weights is not null;

    /// <summary>The first row of a block.</summary>
    internal int BlockStart(int block) => _order.BlockStarts[block] - _firstRow;

    internal int RowLength(int row) => (int)(_offsets[_firstRow + row + 1] - _offsets[_firstRow + row]);

    internal ReadOnlySpan<uint> Columns(int row) => _columns.AsSpan((int)_offsets[_firstRow + row], RowLength(row));

    internal ReadOnlySpan<float> Weights(int row) =>
        _weights is null ? default : _weights.AsSpan((int)_offsets[_firstRow + row], RowLength(row));

    /// <summary>The stable hash of the row's id.</summary>
    internal ulong Hash(int row) => _order.Hashes[_firstRow + row];

    /// <summary>The row's dense index in the data set.</summary>
    internal int Index(int row) => _order.Indices[_firstRow + row];

    /// <summary>The row's id.</summary>
    internal string Id(int row) => _ids(_order.Indices[_firstRow + row]);

    /// <summary>
    /// Cuts one side into <paramref name="partitions"/>. The matrix is given the other way round: a row of
    /// <paramref name="columns"/> is a row of the other side and names rows of this one.
    /// </summary>
    internal static PartitionRows[] Cut(
        SparseMatrix columns, RowOrder order, RowOrder otherOrder, IdTable ids, int partitions, string kind)
    {
        var (offsets, codes, values) = Arrange(columns, order, otherOrder, keepZeros: false);
        var parts = new PartitionRows[partitions];
        for (int i = 0; i < partitions; i++)
        {
            parts[i] = new PartitionRows(
                order,
                i => ids[i],
                offsets,
                codes,
                values,
                VirtualBlocks.FirstBlock(i, partitions),
                VirtualBlocks.FirstBlock(i + 1, partitions),
                columns.Rows,
                kind);
        }

        return parts;
    }

    /// <summary>The rows of consecutive blocks that were cut and stored one by one (<see cref="ClusterDataset"/>).</summary>
    /// <param name="blocks">The blocks, in order, without gaps.</param>
    /// <param name="others">Number of rows of the whole other side.</param>
    /// <param name="kind">"user" or "item".</param>
    public static PartitionRows FromBlocks(IReadOnlyList<InteractionBlock> blocks, int others, string kind)
    {
        int first = blocks[0].Block;
        var starts = new int[VirtualBlocks.Count + 1];
        var entries = 0L;
        for (int b = 0; b < blocks.Count; b++)
        {
            if (blocks[b].Block != first + b)
            {
                throw new RecsysException($"data set: {kind} block {blocks[b].Block} where {first + b} was expected");
            }

            starts[first + b + 1] = starts[first + b] + blocks[b].Rows;
            entries += blocks[b].Columns.Length;
        }

        int rows = starts[first + blocks.Count];
        starts.AsSpan(first + blocks.Count).Fill(rows);
        var hashes = new ulong[rows];
        var offsets = new long[rows + 1];
        var columns = new uint[entries];
        var weights = blocks.Any(b => b.HasWeights) ? new float[entries] : null;
        int row = 0;
        long to = 0;
        foreach (var block in blocks)
        {
            for (int r = 0; r < block.Rows; r++)
            {
                hashes[row] = VirtualBlocks.Hash(block.Utf8(r));
                var codes = block.Row(r);
                var values = block.Weights(r);
                for (int e = 0; e < codes.Length; e++)
                {
                    if (weights is null || values.IsEmpty || values[e] != 0)
                    {
                        columns[to] = codes[e];
                        if (weights is not null)
                        {
                            weights[to] = values.IsEmpty ? 1 : values[e];
                        }

                        to++;
                    }
                }

                offsets[++row] = to;
            }
        }

        var order = RowOrder.OfSorted(hashes, starts);
        return new PartitionRows(order, IdOf, offsets, columns, weights, first, first + blocks.Count, others, kind);

        string IdOf(int index)
        {
            int b = 0;
            while (starts[first + b + 1] <= index)
            {
                b++;
            }

            return blocks[b].Id(index - starts[first + b]);
        }
    }

    /// <summary>The rows of one side in their order, the columns of each as ascending codes of the other side.</summary>
    internal static (long[] Offsets, uint[] Codes, float[]? Values) Arrange(
        SparseMatrix columns, RowOrder order, RowOrder otherOrder, bool keepZeros)
    {
        // Walking the other side in its order appends to every row ascending codes: no sort is needed.
        int rows = order.Indices.Length;
        var offsets = new long[rows + 1];
        var position = new int[rows];
        for (int p = 0; p < rows; p++)
        {
            position[order.Indices[p]] = p;
        }

        bool weighted = columns.HasValues;
        for (int other = 0; other < columns.Rows; other++)
        {
            var entries = columns.Row(other);
            var weights = columns.RowValues(other);
            for (int e = 0; e < entries.Length; e++)
            {
                if (keepZeros || !weighted || weights[e] != 0)
                {
                    offsets[position[entries[e]] + 1]++;
                }
            }
        }

        for (int p = 0; p < rows; p++)
        {
            offsets[p + 1] += offsets[p];
        }

        var next = offsets.AsSpan(0, rows).ToArray();
        var codes = new uint[offsets[rows]];
        var values = weighted ? new float[offsets[rows]] : null;
        foreach (int other in otherOrder.Indices)
        {
            var entries = columns.Row(other);
            var weights = columns.RowValues(other);
            for (int e = 0; e < entries.Length; e++)
            {
                if (!keepZeros && weighted && weights[e] == 0)
                {
                    continue;
                }

                long to = next[position[entries[e]]]++;
                codes[to] = otherOrder.Codes[other];
                if (values is not null)
                {
                    values[to] = weights[e];
                }
            }
        }

        return (offsets, codes, values);
    }
}
