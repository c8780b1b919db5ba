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

    // Level 0 holds the weights; each node above the sum of 16 below. The last level is one group of 16.
    private readonly List<ulong[]> _levels = [new ulong[FanOut]];

    /// <summary>Number of indices; grows with <see cref="Set"/>.</summary>
    public int Count { get; private set; }

    /// <summary>Sum of all weights.</summary>
    public ulong Total { get; private set; }

    /// <summary>The weight of an index; 0 for one never set.</summary>
    public ulong this[int index] => (uint)index < (uint)_levels[0].Length ? _levels[0][index] : 0;

    /// <summary>Sets the weight of an index, which may be new.</summary>
    public void Set(int index, ulong weight)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(index);
        if (index >= Count)
        {
            Grow(index + 1);
        }

        ulong change = unchecked(weight - _levels[0][index]);
        Total = unchecked(Total + change);
        foreach (ulong[] level in _levels)
        {
            level[index] = unchecked(level[index] + change);
            index >>= Shift;
        }
    }

    /// <summary>The index that 64 random bits choose. <see cref="Total"/> must not be 0.</summary>
    public int Draw(ulong bits)
    {
        ulong rest = CounterRandom.Below(bits, Total);
        int index = 0;
        for (int l = _levels.Count - 1; l >= 0; l--)
        {
            ulong[] level = _levels[l];
            index <<= Shift;
            while (rest >= level[index])
            {
                rest -= level[index++];
            }
        }

        return index;
    }

    private void Grow(int count)
    {
        Count = count;
        for (int l = 0; ; l++)
        {
            int nodes = ((count - 1) >> (Shift * l)) + 1;
            if (l == _levels.Count)
            {
                // The level below was one group until now: its sum is the first parent.
                var parents = new ulong[FanOut];
                foreach (ulong sum in _levels[l - 1].AsSpan(0, FanOut))
                {
                    parents[0] += sum;
                }

                _levels.Add(parents);
            }

            ulong[] level = _levels[l];
            if (nodes > level.Length)
            {
                int capacity = Math.Max(nodes, level.Length * 2);
                Array.Resize(ref level, (capacity + FanOut - 1) & ~(FanOut - 1));
                _levels[l] = level;
            }

            if (nodes <= FanOut)
            {
                return;
            }
        }
    }
}
