using Recsys.Engine.Serving;

namespace Recsys.Api.Metrics;

/// <summary>Durations of the last minute, in slices of ten seconds.</summary>
internal sealed class RollingLatency(TimeProvider time)
{
    private const int Slices = 7; // six whole ones and the one being filled
    private const long SliceSeconds = 10;

    private readonly LatencyHistogram[] _slices = [.. Enumerable.Range(0, Slices).Select(_ => new LatencyHistogram())];
    private readonly Lock _gate = new();
    private readonly long _began = time.GetTimestamp();
    private long _current;

    public void Add(long microseconds) => Current().Add(microseconds);

    /// <summary>A copy of what the last minute saw.</summary>
    public LatencyHistogram LastMinute()
    {
        _ = Current();
        var sum = new LatencyHistogram();
        foreach (var slice in _slices)
        {
            sum.Add(slice);
        }

        return sum;
    }

    /// <summary>Events a second over the last whole slice, or since the start where that is less.</summary>
    public double PerSecond()
    {
        _ = Current();
        double elapsed = time.GetElapsedTime(_began).TotalSeconds;
        long current = Volatile.Read(ref _current);
        double inSlice = elapsed - (current * SliceSeconds);
        long count = _slices[current % Slices].Count;
        if (current == 0)
        {
            return count / Math.Max(1, elapsed);
        }

        // The slice being filled, and the matching rest of the one before.
        long before = _slices[(current - 1) % Slices].Count;
        return (count + (before * Math.Clamp((SliceSeconds - inSlice) / SliceSeconds, 0, 1))) / SliceSeconds;
    }

    private LatencyHistogram Current()
    {
        long now = (long)(time.GetElapsedTime(_began).TotalSeconds / SliceSeconds);
        if (now != Volatile.Read(ref _current))
        {
            lock (_gate)
            {
                long from = _current;
                for (long slice = Math.Max(from + 1, now - Slices + 1); slice <= now; slice++)
                {
                    _slices[slice % Slices].Clear();
                }

                Volatile.Write(ref _current, Math.Max(from, now));
            }
        }

        return _slices[now % Slices];
    }
}
