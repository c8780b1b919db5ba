using System.Numerics;

namespace Recsys.Engine.Als;

/// <summary>Some of a range of rows, numbered from its start. Immutable.</summary>
public sealed class RowSelection
{
    private const int WordBits = 64;

    private readonly ulong[] _bits;
    private int[]? _rows;

    /// <summary>The rows whose bits are set: bit r % 64 of word r / 64. The words are not written any more.</summary>
    public RowSelection(ulong[] bits)
    {
        _bits = bits;
        foreach (ulong word in bits)
        {
            Count += BitOperations.PopCount(word);
        }
    }

    /// <summary>Number of rows selected.</summary>
    public int Count { get; }

    /// <summary>The bits.</summary>
    public ReadOnlySpan<ulong> Bits => _bits;

    /// <summary>The rows selected, ascending.</summary>
    public ReadOnlySpan<int> Rows => _rows ??= List();

    /// <summary>Words of bits for so many rows.</summary>
    public static int Words(int rows) => (rows + WordBits - 1) / WordBits;

    /// <summary>Whether a row is selected.</summary>
    public bool Contains(int row) => (uint)row < (uint)(_bits.Length * WordBits) && (_bits[row / WordBits] >> (row % WordBits) & 1) != 0;

    /// <summary>What it selects of <paramref name="count"/> rows from <paramref name="first"/> on, numbered from there.</summary>
    public RowSelection Slice(int first, int count)
    {
        var bits = new ulong[Words(count)];
        foreach (int row in Rows)
        {
            if (row >= first && row < first + count)
            {
                Set(bits, row - first);
            }
        }

        return new RowSelection(bits);
    }

    /// <summary>Sets the bit of a row.</summary>
    internal static void Set(ulong[] bits, int row) => bits[row / WordBits] |= 1UL << (row % WordBits);

    private int[] List()
    {
        int[] rows = new int[Count];
        int next = 0;
        for (int w = 0; w < _bits.Length; w++)
        {
            for (ulong word = _bits[w]; word != 0; word &= word - 1)
            {
                rows[next++] = (w * WordBits) + BitOperations.TrailingZeroCount(word);
            }
        }

        return rows;
    }
}
