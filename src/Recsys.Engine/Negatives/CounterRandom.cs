using System.Runtime.CompilerServices;

namespace Recsys.Engine.Negatives;

/// <summary>
/// Counter-based random numbers: number n of a key is a pure function of both (the SplitMix64 finalizer of Steele, Lea
/// and Flood 2014 over key + n·golden ratio), so draws can be taken in any order by any thread and are always the same.
/// </summary>
public static class CounterRandom
{
    private const ulong Golden = 0x9E3779B97F4A7C15;

    /// <summary>Number <paramref name="counter"/> of <paramref name="key"/>, 64 random bits.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong At(ulong key, ulong counter) => Mix(key + (counter * Golden));

    /// <summary>A key of its own for <paramref name="id"/> under <paramref name="key"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong Derive(ulong key, ulong id) => Mix(Mix(key ^ 0xD1B54A32D192ED03) + (id * Golden));

    /// <summary>Maps 64 random bits to an integer in [0, <paramref name="bound"/>).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong Below(ulong bits, ulong bound) => Math.BigMul(bits, bound, out _);

    /// <summary>Maps 64 random bits to [0, 1).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static double Unit(ulong bits) => (bits >> 11) * (1.0 / (1UL << 53));

    /// <summary>A standard normal number (Box–Muller) made of numbers 2n and 2n + 1 of <paramref name="key"/>.</summary>
    public static double Gaussian(ulong key, ulong n)
    {
        double radius = Math.Sqrt(-2 * Math.Log(1 - Unit(At(key, 2 * n))));
        return radius * Math.Cos(2 * Math.PI * Unit(At(key, (2 * n) + 1)));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Mix(ulong x)
    {
        x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9;
        x = (x ^ (x >> 27)) * 0x94D049BB133111EB;
        return x ^ (x >> 31);
    }
}
