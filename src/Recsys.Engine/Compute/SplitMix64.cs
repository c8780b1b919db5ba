namespace Recsys.Engine.Compute;

/// <summary>
/// A small seeded generator (Steele, Lea, Flood, "Fast Splittable Pseudorandom Number Generators", OOPSLA 2014): the
/// same numbers on every platform and version.
/// </summary>
/// <param name="seed">Where the sequence starts.</param>
public struct SplitMix64(ulong seed)
{
    private ulong _state = seed;

    /// <summary>A generator of its own for (<paramref name="seed"/>, <paramref name="stream"/>), e.g. a row id.</summary>
    public static SplitMix64 ForStream(ulong seed, ulong stream) => new(Mix(seed + (0x9E3779B97F4A7C15UL * (stream + 1))));

    /// <summary>The next 64 random bits.</summary>
    public ulong Next()
    {
        _state += 0x9E3779B97F4A7C15UL;
        return Mix(_state);
    }

    /// <summary>A real number in [0, 1).</summary>
    public double NextDouble() => (Next() >> 11) * (1.0 / (1UL << 53));

    /// <summary>A whole number in [0, <paramref name="bound"/>), uniform to within bound / 2⁶⁴.</summary>
    public int NextInt(int bound) => (int)Math.BigMul(Next(), (ulong)bound, out _);

    /// <summary>A standard normal number (Box and Muller 1958).</summary>
    public double NextGaussian() =>
        Math.Sqrt(-2 * Math.Log(1 - NextDouble())) * Math.Cos(2 * Math.PI * NextDouble());

    private static ulong Mix(ulong z)
    {
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9UL;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EBUL;
        return z ^ (z >> 31);
    }
}
