namespace Recsys.Engine.Online.Partitioned;

/// <summary>What event partitions do with events. The same in every partition.</summary>
public sealed record EventPartitionOptions
{
    /// <summary>The kinds of events and their weights.</summary>
    public IReadOnlyList<EventRule> Events { get; init; } = new OnlineOptions().Events;

    /// <summary>The time in which a click's share in the popularity halves.</summary>
    public TimeSpan PopularityHalfLife { get; init; } = TimeSpan.FromDays(14);

    /// <summary>A snapshot is taken every so many events of a partition; 0 for only when asked for.</summary>
    public long SnapshotEvents { get; init; } = 200_000;

    /// <summary>How long changes of items are gathered before item partitions are told.</summary>
    public TimeSpan MicroBatchDelay { get; init; } = TimeSpan.FromMilliseconds(100);

    /// <summary>Refuses what cannot be served.</summary>
    /// <exception cref="InvalidOptionException">An option is out of its range.</exception>
    public void Validate()
    {
        ToOnline().Validate();
        if (MicroBatchDelay <= TimeSpan.Zero)
        {
            throw new InvalidOptionException($"events: the micro-batch delay is {MicroBatchDelay}, must be above 0");
        }
    }

    internal OnlineOptions ToOnline() => new() { Events = Events, PopularityHalfLife = PopularityHalfLife, SnapshotEvents = SnapshotEvents };
}
