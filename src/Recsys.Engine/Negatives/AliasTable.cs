namespace Recsys.Engine.Negatives;

/// <summary>
/// Draws from a fixed discrete distribution in O(1): Walker's alias method with Vose's O(n) construction (1991).
/// Immutable. Weights are integers, so that the table is the same on every machine.
/// </summary>
public sealed class AliasTable
{
    private readonly ulong[] _threshold;
    private readonly int[] _alias;

    /// <summary>Builds the table.</summary>
    /// <param name="weights">One weight an index; at least one is not zero; their sum times their number is below 2¹²⁷.</param>
    public AliasTable(ReadOnlySpan<ulong> weights)
    {
        int n = weights.Length;
        UInt128 total = 0;
        foreach (ulong w in weights)
        {
            total += w;
        }

        if (total == 0)
        {
            throw new RecsysException("alias table: all weights are zero");
        }

        Total = (double)total;
        _threshold = new ulong[n];
        _alias = new int[n];

        // Scaled so that the average is `total`: a column keeps its own index for scaled/total of its height.
        var scaled = new UInt128[n];
        var order = new int[n];
        int small = 0;
        int large = n;
        for (int i = 0; i < n; i++)
        {
            scaled[i] = (UInt128)weights[i] * (ulong)n;
            order[scaled[i] < total ? small++ : --large] = i;
        }

        // Small columns fill order[0..small) and are taken off its end, large ones order[large..n) off its start.
        while (small > 0 && large < n)
        {
            int s = order[--small];
            int l = order[large];
            _threshold[s] = Fraction(scaled[s], total);
            _alias[s] = l;
            scaled[l] -= total - scaled[s];
            if (scaled[l] < total)
            {
                large++;
                order[small++] = l;
            }
        }

        // What is left is exactly full.
        for (int i = 0; i < small; i++)
        {
            Fill(order[i]);
        }

        for (int i = large; i < n; i++)
        {
            Fill(order[i]);
        }
    }

    /// <summary>Number of indices.</summary>
    public int Count => _alias.Length;

    /// <summary>Sum of the weights.</summary>
    public double Total { get; }

    /// <summary>The index that 64 random bits choose.</summary>
    public int Draw(ulong bits)
    {
        // The high half of bits·n is the column, the low half is left as the uniform height within it.
        int column = (int)Math.BigMul(bits, (ulong)_alias.Length, out ulong height);
        return height < _threshold[column] ? column : _alias[column];
    }

    private static ulong Fraction(UInt128 part, UInt128 whole)
    {
        while (whole > ulong.MaxValue)
        {
            part >>= 1;
            whole >>= 1;
        }

        return (ulong)(((part << 64) - part) / whole);
    }

    private void Fill(int column)
    {
        _threshold[column] = ulong.MaxValue;
        _alias[column] = column;
    }
}
