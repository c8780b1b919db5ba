using Recsys.Engine.Serving;

namespace Recsys.Api.Metrics;

/// <summary>Counters of one route.</summary>
internal sealed class RouteMetrics(string method, string pattern)
{
    private readonly long[] _byClass = new long[6];

    public string Method => method;

    public string Pattern => pattern;

    public LatencyHistogram Latency { get; } = new();

    /// <summary>Where its durations of the last minute are kept, for the status.</summary>
    public RollingLatency? Rolling { get; set; }

    public void Count(int status, long microseconds)
    {
        Interlocked.Increment(ref _byClass[Math.Clamp(status / 100, 0, 5)]);
        Latency.Add(microseconds);
    }

    /// <summary>Answers of a class of status: 2 for 2xx.</summary>
    public long OfClass(int statusClass) => Volatile.Read(ref _byClass[statusClass]);
}
