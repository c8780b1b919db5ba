namespace Recsys.Api.Metrics;

/// <summary>How many of something a second, over the last ten.</summary>
internal sealed class RollingCount(TimeProvider time)
{
    private const int Seconds = 10;

    private readonly long[] _counts = new long[Seconds + 1];
    private readonly Lock _gate = new();
    private readonly long _began = time.GetTimestamp();
    private long _current;

    public void Add(long count)
    {
        lock (_gate)
        {
            _counts[Advance() % _counts.Length] += count;
        }
    }

    public double PerSecond()
    {
        lock (_gate)
        {
            long now = Advance();
            long sum = _counts.Sum() - _counts[now % _counts.Length];
            return now == 0 ? _counts[0] : (double)sum / Math.Min(now, Seconds);
        }
    }

    private long Advance()
    {
        long now = (long)time.GetElapsedTime(_began).TotalSeconds;
        for (long second = Math.Max(_current + 1, now - Seconds); second <= now; second++)
        {
            _counts[second % _counts.Length] = 0;
        }

        return _current = now;
    }
}
