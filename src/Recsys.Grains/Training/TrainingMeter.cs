using System.Diagnostics.Metrics;

namespace Recsys.Grains.Training;

/// <summary>The meter <c>Recsys.Training</c>.</summary>
internal static class TrainingMeter
{
    private static readonly Meter Meter = new("Recsys.Training");

    /// <summary>Bytes of factors and panels that came from other silos.</summary>
    public static Counter<long> Received { get; } =
        Meter.CreateCounter<long>("recsys.training.received", "By", "bytes of factors and panels that came from other silos");

    /// <summary>Calls to partitions that were made again because a silo was lost or busy.</summary>
    public static Counter<long> Repeated { get; } =
        Meter.CreateCounter<long>("recsys.training.repeated", "{call}", "calls to partitions that were repeated");

    /// <summary>Partitions that were opened, at the start or because they moved or were lost.</summary>
    public static Counter<long> Opened { get; } =
        Meter.CreateCounter<long>("recsys.training.opened", "{partition}", "partitions that were opened");

    /// <summary>Seconds of each phase.</summary>
    public static Histogram<double> PhaseSeconds { get; } =
        Meter.CreateHistogram<double>("recsys.training.phase", "s", "seconds of each phase");
}
