namespace Recsys.Engine.Evaluation;

/// <summary>The SplitMix64 generator (Steele, Lea and Flood 2014): a stream of 64-bit numbers from any key.</summary>
internal struct SplitMix64(ulong key)
{
    private ulong _state = key;

    /// <summary>A generator for stream <paramref name="stream"/> of a seed.</summary>
    public static SplitMix64 For(long seed, int stream)
    {
        var seeds = new SplitMix64((ulong)seed);
        return new SplitMix64(seeds.Next() + ((ulong)stream * 0xD1342543DE82EF95));
    }

    public ulong Next()
    {
        _state += 0x9E3779B97F4A7C15;
        ulong z = _state;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }

    /// <summary>A number in [0, count), uniform to within count / 2⁶⁴.</summary>
    public int Below(int count) => (int)Math.BigMul(Next(), (ulong)count, out _);
}
