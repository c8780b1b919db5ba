namespace Recsys.Engine.Als;

/// <summary>
/// The fixed number of virtual blocks of a side's rows: for training, stretches of their order (<see cref="RowOrder"/>); for what comes one by one,
/// clicks and the items of a catalogue, by hash of the id. A partition owns a contiguous range of them, so that
/// neither the order of any sum nor the block of any row depends on how many partitions there are.
/// </summary>
public static class VirtualBlocks
{
    /// <summary>Number of blocks a side, a power of two.</summary>
    public const int Count = 1 << Bits;

    private const int Bits = 6;

    /// <summary>A 64-bit hash of an id's UTF-8 bytes, the same on every machine and in every version.</summary>
    public static ulong Hash(ReadOnlySpan<byte> utf8)
    {
        // FNV-1a, then an avalanche: the top bits, which choose the block, must depend on every byte.
        ulong hash = 14695981039346656037;
        foreach (byte b in utf8)
        {
            hash = (hash ^ b) * 1099511628211;
        }

        return Mix(hash);
    }

    /// <summary>The block of a row whose id has this hash.</summary>
    public static int BlockOf(ulong hash) => (int)(hash >> (64 - Bits));

    /// <summary>The first block of partition <paramref name="index"/> of <paramref name="partitions"/>; it ends where the next one starts.</summary>
    public static int FirstBlock(int index, int partitions) => (int)((long)Count * index / partitions);

    /// <summary>The partition, of <paramref name="partitions"/>, that owns a block.</summary>
    public static int PartitionOf(int block, int partitions) => (((block + 1) * partitions) - 1) >> Bits;

    /// <summary>The partition, of <paramref name="partitions"/>, that owns the row of an id.</summary>
    public static int PartitionOf(string id, int partitions) =>
        PartitionOf(BlockOf(Hash(System.Text.Encoding.UTF8.GetBytes(id))), partitions);

    /// <summary>A bijection of 64-bit words in which every bit of the result depends on every bit of the input (splitmix64).</summary>
    internal static ulong Mix(ulong x)
    {
        x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9;
        x = (x ^ (x >> 27)) * 0x94D049BB133111EB;
        return x ^ (x >> 31);
    }
}
