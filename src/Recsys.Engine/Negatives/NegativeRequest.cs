using System.Runtime.CompilerServices;

namespace Recsys.Engine.Negatives;

/// <summary>For whom negatives are drawn and with which randomness.</summary>
public readonly ref struct NegativeRequest
{
    /// <summary>Creates a request.</summary>
    /// <param name="key">Key of the randomness, derived from seed and step.</param>
    /// <param name="positive">The clicked item, never drawn; −1 for none.</param>
    /// <param name="history">The user's items, strictly ascending; never drawn.</param>
    /// <param name="scorer">The current model, for hard samplers.</param>
    public NegativeRequest(ulong key, int positive, ReadOnlySpan<int> history, ICandidateScorer? scorer = null)
    {
        Key = key;
        Positive = positive;
        History = history;
        Scorer = scorer;
    }

    /// <summary>Key of the randomness.</summary>
    public ulong Key { get; }

    /// <summary>The clicked item, or −1.</summary>
    public int Positive { get; }

    /// <summary>The user's items, strictly ascending.</summary>
    public ReadOnlySpan<int> History { get; }

    /// <summary>The current model, where there is one.</summary>
    public ICandidateScorer? Scorer { get; }

    /// <summary>Whether <paramref name="item"/> may be drawn.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool Allows(int item)
    {
        if (item == Positive)
        {
            return false;
        }

        // A search without unpredictable branches: the loop's length depends on the history's length only.
        ref int first = ref System.Runtime.InteropServices.MemoryMarshal.GetReference(History);
        int start = 0;
        int length = History.Length;
        while (length > 1)
        {
            int half = length >> 1;
            start = Unsafe.Add(ref first, start + half) <= item ? start + half : start;
            length -= half;
        }

        return length == 0 || Unsafe.Add(ref first, start) != item;
    }

    /// <summary>The same request with another key.</summary>
    internal NegativeRequest WithKey(ulong key) => new(key, Positive, History, Scorer);
}
