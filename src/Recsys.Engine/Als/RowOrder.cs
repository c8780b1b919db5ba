using Recsys.Engine.Data;

namespace Recsys.Engine.Als;

/// <summary>
/// The order in which training sees the rows of one side: by virtual block, then by hash, then by id. It depends on the
/// ids alone, not on the order in which the data named them.
/// </summary>
internal sealed class RowOrder
{
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

    /// <summary>The <see cref="RowCode"/> of each dense index.</summary>
    public uint[] Codes { get; }

    /// <summary>The order of rows that come in it already; indices are positions.</summary>
    public static RowOrder OfSorted(ulong[] hashes, int[] blockStarts) =>
        new([.. Enumerable.Range(0, hashes.Length)], hashes, blockStarts, []);

    public static RowOrder Of(IdTable ids)
    {
        int count = ids.Count;
        var hashes = new ulong[count];
        var indices = new int[count];
        for (int i = 0; i < count; i++)
        {
            hashes[i] = VirtualBlocks.Hash(ids.Utf8(i));
            indices[i] = i;
        }

        Array.Sort(hashes, indices);
        for (int start = 0, end; start < count; start = end)
        {
            for (end = start + 1; end < count && hashes[end] == hashes[start]; end++)
            {
            }

            if (end - start > 1)
            {
                Array.Sort(indices, start, end - start, Comparer<int>.Create((a, b) => ids.Utf8(a).SequenceCompareTo(ids.Utf8(b))));
            }
        }

        var starts = new int[VirtualBlocks.Count + 1];
        foreach (ulong hash in hashes)
        {
            starts[VirtualBlocks.BlockOf(hash) + 1]++;
        }

        for (int b = 0; b < VirtualBlocks.Count; b++)
        {
            starts[b + 1] += starts[b];
        }

        var codes = new uint[count];
        for (int b = 0; b < VirtualBlocks.Count; b++)
        {
            for (int p = starts[b]; p < starts[b + 1]; p++)
            {
                codes[indices[p]] = RowCode.Of(b, p - starts[b]);
            }
        }

        return new RowOrder(indices, hashes, starts, codes);
    }
}
