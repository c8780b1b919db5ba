using System.Diagnostics.Metrics;

namespace Recsys.Grains.Serving;

/// <summary>The meter <c>Recsys.Serving</c>.</summary>
internal static class ServingMeter
{
    private static readonly Meter Meter = new("Recsys.Serving");

    /// <summary>Recommendations for users, fallbacks included.</summary>
    public static Counter<long> Recommendations { get; } =
        Meter.CreateCounter<long>("recsys.serving.recommendations", "{list}", "recommendations for users");

    /// <summary>Histories that users' grains fetched, the first time or because they had changed.</summary>
    public static Counter<long> Fetched { get; } =
        Meter.CreateCounter<long>("recsys.serving.histories", "{history}", "histories that were fetched from event partitions");

    /// <summary>Seconds from a recommendation's arrival in its silo to the answer.</summary>
    public static Histogram<double> Seconds { get; } =
        Meter.CreateHistogram<double>("recsys.serving.duration", "s", "seconds of a recommendation in its silo");

    /// <summary>Events that were new, and those that had been accepted before.</summary>
    public static Counter<long> Events { get; } =
        Meter.CreateCounter<long>("recsys.events.accepted", "{event}", "events accepted, by whether they were new");

    /// <summary>Event partitions that were opened, at the start or because they moved or were lost.</summary>
    public static Counter<long> PartitionsOpened { get; } =
        Meter.CreateCounter<long>("recsys.events.partitions.opened", "{partition}", "event partitions that were opened");

    /// <summary>Swaps of the active models in this silo.</summary>
    public static Counter<long> Swaps { get; } =
        Meter.CreateCounter<long>("recsys.serving.swaps", "{swap}", "swaps of the active models");
}
