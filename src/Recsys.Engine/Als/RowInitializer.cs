using System.Numerics;

namespace Recsys.Engine.Als;

/// <summary>
/// Initial factors: numbers that depend on the seed, the row's id hash and the coordinate alone, not on the order of rows
/// or on threads, and are the same bits on every machine. Approximately normal: the number of ones in 128 random bits
/// (binomial, variance 32) smoothed by a uniform number (variance 1/12).
/// </summary>
internal static class RowInitializer
{
    private const float InverseDeviation = 0.17654697f; // 1 / √(32 + 1/12)

    public static void Fill(Span<float> factors, int seed, string kind, ulong hash, float stdDev)
    {
        ulong key = VirtualBlocks.Mix(hash ^ VirtualBlocks.Mix((ulong)(uint)seed + (kind == "user" ? 0x9E3779B97F4A7C15UL : 0)));
        for (int c = 0; c < factors.Length; c++)
        {
            ulong a = VirtualBlocks.Mix(key += 0x9E3779B97F4A7C15);
            ulong b = VirtualBlocks.Mix(key += 0x9E3779B97F4A7C15);
            ulong u = VirtualBlocks.Mix(key += 0x9E3779B97F4A7C15);
            float uniform = ((u >> 40) * (1f / (1 << 24))) - 0.5f;
            factors[c] = (BitOperations.PopCount(a) + BitOperations.PopCount(b) - 64 + uniform) * InverseDeviation * stdDev;
        }
    }
}
