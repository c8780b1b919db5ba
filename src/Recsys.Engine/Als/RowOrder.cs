using Recsys.Engine.Data;

namespace Recsys.Engine.Als;

/// <summary>
/// The order in which training sees the rows of one side: by place on a line, then by hash, then by id, cut into virtual blocks of about
/// equal work. It depends on ids and interactions alone, not on the order in which the data named them.
/// </summary>
internal sealed class RowOrder
{
    // What solving a row takes apart from its interactions, in interactions.
    private const int RowWork = 16;

    private RowOrder(int[] indices, ulong[] hashes, int[] blockStarts, uint[] codes)
    {
        Indices = indices;
        Hashes = hashes;
        BlockStarts = blockStarts;
        Codes = codes;
    }

    /// <summary>The dense index of the row at each position.</summary>
    public int[] Indices { get; }

    /// <summary>The id hash of the row at each position.</summary>
    public ulong[] Hashes { get; }

    /// <summary>The first position of each block, and the number of rows.</summary>
    public int[] BlockStarts { get; }

    /// <summary>Number of rows of each block.</summary>
    public int[] BlockRows => [.. Enumerable.Range(0, VirtualBlocks.Count).Select(b => BlockStarts[b + 1] - BlockStarts[b])];

    /// <summary>The <see cref="RowCode"/> of each dense index.</summary>
    public uint[] Codes { get; }

    /// <summary>The order of rows that come in it already; indices are positions.</summary>
    public static RowOrder OfSorted(ulong[] hashes, int[] blockStarts) =>
        new([.. Enumerable.Range(0, hashes.Length)], hashes, blockStarts, []);

    /// <summary>The order of users and that of items.</summary>
    /// <param name="data">The data.</param>
    /// <param name="byItem">Its interactions, the users of each item.</param>
    public static (RowOrder Users, RowOrder Items) Of(Dataset data, SparseMatrix byItem)
    {
        var (users, items) = RowPlaces.Of(data.Interactions, byItem, data.Items);
        return (Of(data.Users, users, Lengths(data.Interactions)), Of(data.Items, items, Lengths(byItem)));

        static int[] Lengths(SparseMatrix rows) => [.. Enumerable.Range(0, rows.Rows).Select(r => rows.Row(r).Length)];
    }

    /// <summary>The order of the rows of one side.</summary>
    /// <param name="ids">Their ids.</param>
    /// <param name="places">Each one's place on a line (<see cref="RowPlaces"/>), by dense index.</param>
    /// <param name="interactions">Each one's interactions, by dense index.</param>
    private static RowOrder Of(IdTable ids, ReadOnlySpan<int> places, ReadOnlySpan<int> interactions)
    {
        int count = ids.Count;
        var keys = new ulong[count];
        var all = new ulong[count];
        var indices = new int[count];
        for (int i = 0; i < count; i++)
        {
            all[i] = VirtualBlocks.Hash(ids.Utf8(i));
            keys[i] = ((ulong)((long)places[i] - int.MinValue) << 32) | (all[i] >> 32);
            indices[i] = i;
        }

        Array.Sort(keys, indices);
        for (int start = 0, end; start < count; start = end)
        {
            for (end = start + 1; end < count && keys[end] == keys[start]; end++)
            {
            }

            if (end - start > 1)
            {
                Array.Sort(indices, start, end - start, Comparer<int>.Create((a, b) =>
                    all[a] != all[b] ? all[a].CompareTo(all[b]) : ids.Utf8(a).SequenceCompareTo(ids.Utf8(b))));
            }
        }

        int[] starts = Cut(indices, interactions);
        var hashes = new ulong[count];
        var codes = new uint[count];
        for (int b = 0; b < VirtualBlocks.Count; b++)
        {
            for (int p = starts[b]; p < starts[b + 1]; p++)
            {
                hashes[p] = all[indices[p]];
                codes[indices[p]] = RowCode.Of(b, p - starts[b]);
            }
        }

        return new RowOrder(indices, hashes, starts, codes);
    }

    /// <summary>Cuts an order into blocks of about equal work.</summary>
    private static int[] Cut(int[] indices, ReadOnlySpan<int> interactions)
    {
        long total = (long)indices.Length * RowWork;
        foreach (int n in interactions)
        {
            total += n;
        }

        var starts = new int[VirtualBlocks.Count + 1];
        long before = 0;
        int block = 0;
        for (int p = 0; p < indices.Length; p++)
        {
            // A row belongs to the block in whose share of the work its own begins.
            for (int own = (int)((Int128)before * VirtualBlocks.Count / total); block < own; block++)
            {
                starts[block + 1] = p;
            }

            before += RowWork + interactions[indices[p]];
        }

        starts.AsSpan(block + 1).Fill(indices.Length);
        return starts;
    }
}
