using System.Numerics;

namespace Recsys.Engine.Serving;

/// <summary>
/// Counts of durations in microseconds, sixteen buckets for each power of two (so quantiles are right within 6 %).
/// Safe for concurrent writers.
/// </summary>
public sealed class LatencyHistogram
{
    private const int SubBits = 4;
    private const int Sub = 1 << SubBits;
    private const int Buckets = 28 * Sub; // up to 2^31 µs

    private readonly long[] _counts = new long[Buckets];
    private long _sum;
    private long _max;

    /// <summary>Sum of all durations, in microseconds.</summary>
    public long Sum => Volatile.Read(ref _sum);

    /// <summary>The longest, in microseconds.</summary>
    public long Max => Volatile.Read(ref _max);

    /// <summary>How many there are.</summary>
    public long Count
    {
        get
        {
            long count = 0;
            foreach (ref long c in _counts.AsSpan())
            {
                count += Volatile.Read(ref c);
            }

            return count;
        }
    }

    /// <summary>Counts a duration.</summary>
    public void Add(long microseconds)
    {
        microseconds = Math.Clamp(microseconds, 0, int.MaxValue);
        Interlocked.Increment(ref _counts[BucketOf(microseconds)]);
        Interlocked.Add(ref _sum, microseconds);
        long max = Volatile.Read(ref _max);
        while (microseconds > max)
        {
            long found = Interlocked.CompareExchange(ref _max, microseconds, max);
            if (found == max)
            {
                break;
            }

            max = found;
        }
    }

    /// <summary>Adds another's counts to this one.</summary>
    public void Add(LatencyHistogram other)
    {
        for (int b = 0; b < Buckets; b++)
        {
            _counts[b] += Volatile.Read(ref other._counts[b]);
        }

        _sum += other.Sum;
        _max = Math.Max(_max, other.Max);
    }

    /// <summary>Forgets all.</summary>
    public void Clear()
    {
        Array.Clear(_counts);
        Volatile.Write(ref _sum, 0);
        Volatile.Write(ref _max, 0);
    }

    /// <summary>The duration in microseconds that a share of all does not exceed; 0 when there are none.</summary>
    public double Quantile(double share)
    {
        long wanted = Math.Max(1, (long)Math.Ceiling(share * Count));
        long seen = 0;
        for (int b = 0; b < Buckets; b++)
        {
            seen += Volatile.Read(ref _counts[b]);
            if (seen >= wanted)
            {
                return Math.Min(UpperBound(b), Max);
            }
        }

        return Max;
    }

    /// <summary>How many do not exceed a duration, by whole buckets.</summary>
    public long CountUpTo(long microseconds)
    {
        long seen = 0;
        for (int b = 0; b < Buckets && UpperBound(b) <= microseconds; b++)
        {
            seen += Volatile.Read(ref _counts[b]);
        }

        return seen;
    }

    private static int BucketOf(long value)
    {
        if (value < Sub)
        {
            return (int)value;
        }

        int exponent = BitOperations.Log2((ulong)value);
        return ((exponent - SubBits + 1) << SubBits) + (int)((value >> (exponent - SubBits)) & (Sub - 1));
    }

    /// <summary>The greatest value of a bucket.</summary>
    private static long UpperBound(int bucket)
    {
        if (bucket < Sub)
        {
            return bucket;
        }

        int exponent = (bucket >> SubBits) + SubBits - 1;
        long within = bucket & (Sub - 1);
        return (1L << exponent) + ((within + 1) << (exponent - SubBits)) - 1;
    }
}
