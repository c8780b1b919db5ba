namespace Recsys.Engine.Als;

/// <summary>
/// The rows of one side that the interactions of some partitions of the other side name: what their process has to be sent
/// of it (the out-blocks of Spark's ALS). Immutable.
/// </summary>
internal sealed class RowNeeds
{
    private readonly RowSelection[] _blocks;

    private RowNeeds(RowSelection[] blocks) => _blocks = blocks;

    /// <summary>Nothing of a side with so many rows in each virtual block.</summary>
    public static RowNeeds None(IReadOnlyList<int> blockRows) =>
        new([.. blockRows.Select(rows => new RowSelection(new ulong[RowSelection.Words(rows)]))]);

    /// <summary>What is needed of a block.</summary>
    public RowSelection Of(int block) => _blocks[block];

    /// <summary>These and the rows that <paramref name="partition"/> names; the same object where it has them all.</summary>
    public RowNeeds With(PartitionRows partition)
    {
        var bits = _blocks.Select(b => b.Bits.ToArray()).ToArray();
        for (int row = 0; row < partition.Count; row++)
        {
            foreach (uint code in partition.Columns(row))
            {
                RowSelection.Set(bits[code >> RowCode.LocalBits], (int)(code & RowCode.LocalMask));
            }
        }

        var blocks = bits.Select(b => new RowSelection(b)).ToArray();
        return blocks.Sum(b => (long)b.Count) == _blocks.Sum(b => (long)b.Count) ? this : new RowNeeds(blocks);
    }
}
