using System.Runtime.CompilerServices;
using Recsys.Engine.Numerics;

namespace Recsys.Engine.Serving;

/// <summary>One query's pass over the blocks of a <see cref="FactorIndex"/>.</summary>
internal static unsafe class FactorScan
{
    /// <summary>Offers the scores of all items to the selector.</summary>
    public static void Top(
        ref TopSelector selector, byte* blocks, int blockBytes, int items, FactorStorage storage, in ScoringQuery query, SimdLevel level)
    {
        switch (storage)
        {
            case FactorStorage.Float32:
                Top<Float32Format>(ref selector, blocks, blockBytes, items, query, level);
                break;
            case FactorStorage.BFloat16:
                Top<BFloat16Format>(ref selector, blocks, blockBytes, items, query, level);
                break;
            case FactorStorage.Float16:
                Top<Float16Format>(ref selector, blocks, blockBytes, items, query, level);
                break;
            default:
                Top<Int8Format>(ref selector, blocks, blockBytes, items, query, level);
                break;
        }
    }

    /// <summary>Writes the scores of all items.</summary>
    public static void Score(
        byte* blocks, int blockBytes, FactorStorage storage, in ScoringQuery query, Span<float> scores, SimdLevel level)
    {
        switch (storage)
        {
            case FactorStorage.Float32:
                Score<Float32Format>(blocks, blockBytes, query, scores, level);
                break;
            case FactorStorage.BFloat16:
                Score<BFloat16Format>(blocks, blockBytes, query, scores, level);
                break;
            case FactorStorage.Float16:
                Score<Float16Format>(blocks, blockBytes, query, scores, level);
                break;
            default:
                Score<Int8Format>(blocks, blockBytes, query, scores, level);
                break;
        }
    }

    private static void Top<TFormat>(
        ref TopSelector selector, byte* blocks, int blockBytes, int items, in ScoringQuery query, SimdLevel level)
        where TFormat : IScoringFormat
    {
        switch (level)
        {
            case SimdLevel.Vector512:
                Top<TFormat, ScoringLanes512>(ref selector, blocks, blockBytes, items, query);
                break;
            case SimdLevel.Vector256:
                Top<TFormat, ScoringLanes256>(ref selector, blocks, blockBytes, items, query);
                break;
            default:
                Top<TFormat, ScoringLanes128>(ref selector, blocks, blockBytes, items, query);
                break;
        }
    }

    private static void Score<TFormat>(byte* blocks, int blockBytes, in ScoringQuery query, Span<float> scores, SimdLevel level)
        where TFormat : IScoringFormat
    {
        switch (level)
        {
            case SimdLevel.Vector512:
                Score<TFormat, ScoringLanes512>(blocks, blockBytes, query, scores);
                break;
            case SimdLevel.Vector256:
                Score<TFormat, ScoringLanes256>(blocks, blockBytes, query, scores);
                break;
            default:
                Score<TFormat, ScoringLanes128>(blocks, blockBytes, query, scores);
                break;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Top<TFormat, TLanes>(ref TopSelector selector, byte* blocks, int blockBytes, int items, in ScoringQuery query)
        where TFormat : IScoringFormat
        where TLanes : unmanaged, IScoringLanes<TLanes>
    {
        float* scores = stackalloc float[16];
        var threshold = TLanes.Broadcast(selector.Threshold);
        bool full = selector.IsFull;
        var local = query;
        int count = (items + 15) >> 4;
        for (int block = 0; block < count; block++, blocks += blockBytes)
        {
            uint wanted = selector.AllowedBlock(block);
            if (block == count - 1)
            {
                wanted &= 0xFFFFu >> ((count << 4) - items);
            }

            if (wanted == 0)
            {
                continue;
            }

            var sixteen = TFormat.Score<TLanes>(blocks, local);
            if (full)
            {
                wanted &= TLanes.GreaterThan(sixteen, threshold);
                if (wanted == 0)
                {
                    continue;
                }
            }

            TLanes.Store(sixteen, scores);
            selector.Offer(block << 4, wanted, scores);
            threshold = TLanes.Broadcast(selector.Threshold);
            full = selector.IsFull;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Score<TFormat, TLanes>(byte* blocks, int blockBytes, in ScoringQuery query, Span<float> scores)
        where TFormat : IScoringFormat
        where TLanes : unmanaged, IScoringLanes<TLanes>
    {
        fixed (float* s = scores)
        {
            int at = 0;
            for (; at + 16 <= scores.Length; at += 16, blocks += blockBytes)
            {
                TLanes.Store(TFormat.Score<TLanes>(blocks, query), s + at);
            }

            if (at < scores.Length)
            {
                float* last = stackalloc float[16];
                TLanes.Store(TFormat.Score<TLanes>(blocks, query), last);
                new Span<float>(last, scores.Length - at).CopyTo(scores[at..]);
            }
        }
    }
}
