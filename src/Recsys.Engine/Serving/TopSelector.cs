using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Recsys.Engine.Models;

namespace Recsys.Engine.Serving;

/// <summary>
/// The best n of a stream of scores that comes in ascending item order, with the filters applied to candidates only.
/// The kernels compare whole vectors with <see cref="Threshold"/> and offer what is above it. The caller's results are
/// the only memory: meanwhile they hold 64-bit keys (score, then item order), as a binary heap with the worst kept
/// candidate at its root once n have been found.
/// </summary>
internal ref struct TopSelector
{
    private readonly Span<ulong> _keys;
    private readonly ReadOnlySpan<int> _seen;
    private readonly ReadOnlySpan<int> _exclude;
    private readonly ReadOnlySpan<ulong> _allowed;
    private readonly bool _hasAllowed;
    private readonly uint _sign;
    private State _state;

    /// <summary>Starts a selection into <paramref name="results"/>.</summary>
    /// <param name="seen">Items of the history, strictly ascending; left out unless the filter keeps them.</param>
    /// <param name="filter">What may be returned.</param>
    /// <param name="results">Receives the best; its length is n.</param>
    /// <param name="negated">Whether the offered scores are the negated ones, to be negated back in the end.</param>
    public TopSelector(ReadOnlySpan<int> seen, ItemFilter filter, Span<ScoredItem> results, bool negated = false)
    {
        ArgumentNullException.ThrowIfNull(filter);
        _keys = MemoryMarshal.Cast<ScoredItem, ulong>(results);
        _seen = filter.KeepSeen ? default : seen;
        _exclude = filter.Exclude.Span;
        _hasAllowed = filter.Allowed.HasValue;
        _allowed = filter.Allowed.GetValueOrDefault().Span;
        _sign = negated ? 0x8000_0000u : 0;
        _state = new State { Threshold = results.Length == 0 ? float.PositiveInfinity : float.NegativeInfinity };
    }

    /// <summary>Resumes a selection that <see cref="Suspend"/> left; all else as it was at the start.</summary>
    public TopSelector(ReadOnlySpan<int> seen, ItemFilter filter, Span<ScoredItem> results, in State state)
        : this(seen, filter, results)
    {
        _state = state;
    }

    /// <summary>The score a further item has to exceed, once <see cref="IsFull"/>.</summary>
    public readonly float Threshold => _state.Threshold;

    /// <summary>Whether n items are held; until then every score that is not NaN is wanted.</summary>
    public readonly bool IsFull => _state.Count == _keys.Length;

    /// <summary>What has to be kept to resume later with the same results span.</summary>
    public readonly State Suspend() => _state;

    /// <summary>The allow-list's bits of 64 items from item 64·<paramref name="word"/>; all ones without an allow-list.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly ulong AllowedWord(int word) =>
        !_hasAllowed ? ulong.MaxValue : (uint)word < (uint)_allowed.Length ? _allowed[word] : 0;

    /// <summary>The allow-list's bits of 16 items from item 16·<paramref name="block"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly uint AllowedBlock(int block) => (uint)(AllowedWord(block >> 2) >> ((block & 3) << 4)) & 0xFFFF;

    /// <summary>
    /// Considers items <paramref name="first"/> + i for the bits i of <paramref name="candidates"/>, already masked by
    /// the allow-list; their scores are <paramref name="scores"/>[i], negated where the selection is.
    /// </summary>
    public unsafe void Offer(int first, ulong candidates, float* scores)
    {
        while (candidates != 0)
        {
            int i = BitOperations.TrailingZeroCount(candidates);
            candidates &= candidates - 1;
            Offer(first + i, BitConverter.UInt32BitsToSingle(BitConverter.SingleToUInt32Bits(scores[i]) ^ _sign));
        }
    }

    /// <summary>Considers one item that the allow-list lets through; items must come in ascending order.</summary>
    public void Offer(int item, float score)
    {
        bool full = IsFull;
        // The negated comparison also turns NaN away.
        if (!(score > _state.Threshold) && (full || float.IsNaN(score)))
        {
            return;
        }

        if (Holds(_seen, ref _state.Seen, item) || Holds(_exclude, ref _state.Excluded, item))
        {
            return;
        }

        ulong key = Key(item, score);
        if (full)
        {
            Sift(_keys, 0, key);
        }
        else
        {
            _keys[_state.Count++] = key;
            if (!IsFull)
            {
                return;
            }

            for (int parent = (_keys.Length >> 1) - 1; parent >= 0; parent--)
            {
                Sift(_keys, parent, _keys[parent]);
            }
        }

        _state.Threshold = Score(_keys[0]);
    }

    /// <summary>Sorts what was found, best first, into the results; returns how many there are.</summary>
    public readonly int Finish()
    {
        int count = _state.Count;
        var keys = _keys[..count];
        keys.Sort();
        keys.Reverse();
        var results = MemoryMarshal.Cast<ulong, ScoredItem>(keys);
        for (int r = 0; r < count; r++)
        {
            ulong key = keys[r];
            uint bits = BitConverter.SingleToUInt32Bits(Score(key)) ^ _sign;
            results[r] = new ScoredItem((int)~(uint)key, BitConverter.UInt32BitsToSingle(bits) + 0f);
        }

        return count;
    }

    // Larger keys are better: the score's bits made to order like integers (−0 as +0), then the lower item.
    private static ulong Key(int item, float score)
    {
        uint bits = BitConverter.SingleToUInt32Bits(score + 0f);
        bits ^= (uint)((int)bits >> 31) | 0x8000_0000u;
        return ((ulong)bits << 32) | ~(uint)item;
    }

    private static float Score(ulong key)
    {
        uint bits = (uint)(key >> 32);
        bits ^= (uint)((int)~bits >> 31) | 0x8000_0000u;
        return BitConverter.UInt32BitsToSingle(bits);
    }

    // Puts key where position was, letting smaller children up.
    private static void Sift(Span<ulong> heap, int position, ulong key)
    {
        while (true)
        {
            int child = (2 * position) + 1;
            if (child >= heap.Length)
            {
                break;
            }

            if (child + 1 < heap.Length && heap[child + 1] < heap[child])
            {
                child++;
            }

            if (heap[child] >= key)
            {
                break;
            }

            heap[position] = heap[child];
            position = child;
        }

        heap[position] = key;
    }

    // Whether the ascending list holds item; the cursor gallops to the first element that is not less.
    private static bool Holds(ReadOnlySpan<int> items, scoped ref int cursor, int item)
    {
        int low = cursor;
        if (low < items.Length && items[low] < item)
        {
            int step = 1;
            while (low + step < items.Length && items[low + step] < item)
            {
                low += step;
                step *= 2;
            }

            int high = Math.Min(low + step, items.Length);
            while (high - low > 1)
            {
                int middle = (low + high) >>> 1;
                if (items[middle] < item)
                {
                    low = middle;
                }
                else
                {
                    high = middle;
                }
            }

            low = high;
            cursor = low;
        }

        return low < items.Length && items[low] == item;
    }

    /// <summary>The part of a selection that changes, so that many may be kept in an array.</summary>
    internal struct State
    {
        public float Threshold;
        public int Count;
        public int Seen;
        public int Excluded;
    }
}
