using Recsys.Engine.Serving;

namespace Recsys.Cli.Load;

/// <summary>What a run of load saw.</summary>
/// <param name="PerSecond">Answers a second.</param>
/// <param name="Latency">Microseconds from when a request was due to the end of its answer.</param>
/// <param name="Failed">Requests without a good answer.</param>
/// <param name="Late">Requests that could not be sent within a millisecond of when they were due.</param>
internal sealed record LoadResult(double PerSecond, LatencyHistogram Latency, long Failed, long Late)
{
    /// <summary>Answers a second until the last answer came: less than were asked for where they fell behind.</summary>
    public double Sustained { get; init; } = PerSecond;
}
