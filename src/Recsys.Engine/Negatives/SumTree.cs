using System.Numerics;
using System.Runtime.Intrinsics;

namespace Recsys.Engine.Negatives;

/// <summary>
/// Draws from a discrete distribution whose weights change at any time: a tree of sums with 16 children a node. Setting
/// a weight and drawing take one node a level (four levels for 65,536 items). Sums are integers, so the tree depends on
/// the present weights only, never on the order of updates: a learner restarted from its counts draws the same.
/// Not thread-safe.
/// </summary>
public sealed class SumTree
{
    private const int Shift = 4;
    private const int FanOut = 1 << Shift;

    // A node is 16 cumulative sums of its children: of the weights at level 0, of the nodes beneath above it. So a draw
    // finds its child with two vector comparisons. The last level is one node.
    private readonly List<long[]> _levels = [new long[FanOut]];

    /// <summary>Number of indices; grows with <see cref="Set"/>.</summary>
    public int Count { get; private set; }

    /// <summary>Sum of all weights, below 2⁶³.</summary>
    public ulong Total => (ulong)_levels[^1][FanOut - 1];

    /// <summary>The weight of an index; 0 for one never set.</summary>
    public ulong this[int index]
    {
        get
        {
            long[] weights = _levels[0];
            return (uint)index >= (uint)Count
                ? 0
                : (ulong)(weights[index] - ((index & (FanOut - 1)) == 0 ? 0 : weights[index - 1]));
        }
    }

    /// <summary>Sets the weight of an index, which may be new.</summary>
    public void Set(int index, ulong weight)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(index);
        if (index >= Count)
        {
            Grow(index + 1);
        }

        long change = (long)weight - (long)this[index];
        foreach (long[] level in _levels)
        {
            int end = (index | (FanOut - 1)) + 1;
            for (int i = index; i < end; i++)
            {
                level[i] += change;
            }

            index >>= Shift;
        }
    }

    /// <summary>The index that 64 random bits choose. <see cref="Total"/> must not be 0.</summary>
    public int Draw(ulong bits)
    {
        long rest = (long)CounterRandom.Below(bits, Total);
        int index = 0;
        for (int l = _levels.Count - 1; l >= 0; l--)
        {
            var node = _levels[l].AsSpan(index << Shift, FanOut);
            var wanted = Vector512.Create(rest);
            ulong first = Vector512.LessThanOrEqual(Vector512.Create<long>(node), wanted).ExtractMostSignificantBits();
            ulong second = Vector512.LessThanOrEqual(Vector512.Create<long>(node[8..]), wanted).ExtractMostSignificantBits();
            int child = BitOperations.PopCount(first | (second << 8));
            rest -= child == 0 ? 0 : node[child - 1];
            index = (index << Shift) + child;
        }

        return index;
    }

    private void Grow(int count)
    {
        Count = count;
        for (int l = 0; ; l++)
        {
            int entries = ((count - 1) >> (Shift * l)) + 1;
            if (l == _levels.Count)
            {
                // The level below was one node until now: it is the first child of a new root.
                var root = new long[FanOut];
                root.AsSpan().Fill(_levels[l - 1][FanOut - 1]);
                _levels.Add(root);
            }

            long[] level = _levels[l];
            if (entries > level.Length)
            {
                int capacity = Math.Max(entries, level.Length * 2);
                Array.Resize(ref level, (capacity + FanOut - 1) & ~(FanOut - 1));
                _levels[l] = level;
            }

            if (entries <= FanOut)
            {
                return;
            }
        }
    }
}
