using System.Runtime.CompilerServices;
using Recsys.Engine.Models;
using Recsys.Engine.Numerics;

namespace Recsys.Engine.Serving;

/// <summary>
/// Selects the best items of an array of scores, one score an item, with the filters applied meanwhile: whenever n
/// eligible items exist, n come back. O(items) plus O(log n) for each score that beats the n-th best so far, and
/// O(items · log n) at worst; allocates nothing.
/// </summary>
public static class TopN
{
    /// <summary>The best <paramref name="results"/>.Length eligible items, best first; equal scores in item order.</summary>
    /// <param name="scores">Score of each item. An item whose score is NaN is never returned; infinities are.</param>
    /// <param name="seen">
    /// Items of the user's history, strictly ascending; left out unless <see cref="ItemFilter.KeepSeen"/>. Items
    /// outside the scores are ignored.
    /// </param>
    /// <param name="filter">What may be returned. Items beyond the end of its allow-list are not allowed.</param>
    /// <param name="results">Receives the items.</param>
    /// <returns>How many items were found: results.Length, or all the eligible ones where there are fewer.</returns>
    public static int Select(ReadOnlySpan<float> scores, ReadOnlySpan<int> seen, ItemFilter filter, Span<ScoredItem> results) =>
        Select(scores, seen, filter, results, lowest: false, Simd.Best);

    /// <summary>
    /// The eligible items with the <em>lowest</em> scores, lowest first; equal scores in item order. All else as
    /// <see cref="Select(ReadOnlySpan{float}, ReadOnlySpan{int}, ItemFilter, Span{ScoredItem})"/>.
    /// </summary>
    public static int SelectLowest(ReadOnlySpan<float> scores, ReadOnlySpan<int> seen, ItemFilter filter, Span<ScoredItem> results) =>
        Select(scores, seen, filter, results, lowest: true, Simd.Best);

    /// <summary>Either selection with the instruction width forced.</summary>
    internal static unsafe int Select(
        ReadOnlySpan<float> scores, ReadOnlySpan<int> seen, ItemFilter filter, Span<ScoredItem> results, bool lowest, SimdLevel level)
    {
        var selector = new TopSelector(seen, filter, results, negated: lowest);
        if (results.Length == 0)
        {
            return 0;
        }

        fixed (float* s = scores)
        {
            Offer(ref selector, 0, s, scores.Length, lowest, level);
        }

        return selector.Finish();
    }

    /// <summary>
    /// Offers <paramref name="count"/> scores of the items from <paramref name="first"/>, a multiple of 64.
    /// </summary>
    internal static unsafe void Offer(ref TopSelector selector, int first, float* scores, int count, bool lowest, SimdLevel level)
    {
        switch (level)
        {
            case SimdLevel.Vector512:
                Offer<ScoringLanes512>(ref selector, first, scores, count, lowest);
                break;
            case SimdLevel.Vector256:
                Offer<ScoringLanes256>(ref selector, first, scores, count, lowest);
                break;
            default:
                Offer<ScoringLanes128>(ref selector, first, scores, count, lowest);
                break;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static unsafe void Offer<TLanes>(ref TopSelector selector, int first, float* scores, int count, bool lowest)
        where TLanes : unmanaged, IScoringLanes<TLanes>
    {
        int at = 0;
        for (; at < count && !selector.IsFull; at += 64)
        {
            int size = Math.Min(64, count - at);
            ulong all = ulong.MaxValue >> (64 - size);
            selector.Offer(first + at, all & selector.AllowedWord((first + at) >> 6), scores + at);
        }

        var sign = TLanes.Broadcast(lowest ? -0f : 0f);
        var threshold = TLanes.Broadcast(selector.Threshold);
        for (; at + 64 <= count; at += 64)
        {
            ulong above = Above(scores + at, sign, threshold);
            if (above != 0)
            {
                above &= selector.AllowedWord((first + at) >> 6);
                selector.Offer(first + at, above, scores + at);
                threshold = TLanes.Broadcast(selector.Threshold);
            }
        }

        if (at < count)
        {
            ulong all = ulong.MaxValue >> (64 - (count - at));
            selector.Offer(first + at, all & selector.AllowedWord((first + at) >> 6), scores + at);
        }

        // One bit an item, in the order of the allow-list's words.
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        static ulong Above(float* s, TLanes sign, TLanes threshold) =>
            TLanes.GreaterThan(TLanes.Xor(TLanes.Load(s), sign), threshold)
            | ((ulong)TLanes.GreaterThan(TLanes.Xor(TLanes.Load(s + 16), sign), threshold) << 16)
            | ((ulong)TLanes.GreaterThan(TLanes.Xor(TLanes.Load(s + 32), sign), threshold) << 32)
            | ((ulong)TLanes.GreaterThan(TLanes.Xor(TLanes.Load(s + 48), sign), threshold) << 48);
    }
}
