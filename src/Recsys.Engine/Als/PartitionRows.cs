using Recsys.Engine.Data;

namespace Recsys.Engine.Als;

/// <summary>
/// The interactions of the rows of a contiguous range of virtual blocks of one side. Rows are numbered from 0 in the
/// order of (block, id hash, id); their columns are codes of rows of the other side, ascending.
/// </summary>
public sealed class PartitionRows
{
    private readonly RowOrder _order;
    private readonly IdTable _ids;
    private readonly long[] _offsets;
    private readonly uint[] _columns;
    private readonly float[]? _weights;
    private readonly int _firstRow;

    private PartitionRows(
        RowOrder order, IdTable ids, long[] offsets, uint[] columns, float[]? weights, int firstBlock, int endBlock, int others, string kind)
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
    internal string Id(int row) => _ids[_order.Indices[_firstRow + row]];

    /// <summary>
    /// Cuts one side into <paramref name="partitions"/>. The matrix is given the other way round: a row of
    /// <paramref name="columns"/> is a row of the other side and names rows of this one.
    /// </summary>
    internal static PartitionRows[] Cut(
        SparseMatrix columns, RowOrder order, RowOrder otherOrder, IdTable ids, int partitions, string kind)
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
                if (!weighted || weights[e] != 0)
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
                if (weighted && weights[e] == 0)
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

        var parts = new PartitionRows[partitions];
        for (int i = 0; i < partitions; i++)
        {
            parts[i] = new PartitionRows(
                order,
                ids,
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
}
