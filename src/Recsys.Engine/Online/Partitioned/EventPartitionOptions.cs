using Recsys.Engine.Logistic;

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

    /// <summary>
    /// Logistic MF that learns every event, its items shared by all event partitions; null for none. The same in every partition,
    /// and factors and seed for the cluster's life.
    /// </summary>
    public LmfOptions? Lmf { get; init; }

    /// <summary>How often a partition tells what it made of items, and hears what others did.</summary>
    public TimeSpan LmfExchangeEvery { get; init; } = TimeSpan.FromMilliseconds(250);

    /// <summary>Most bytes of shares that a partition tells in one exchange, and most that it hears; what is over waits for the next.</summary>
    public long LmfExchangeBytes { get; init; } = 4 << 20;

    /// <summary>Most bytes of a partition's, and of a server's, rows of items: items beyond that are not heard of from others.</summary>
    public long LmfBytes { get; init; } = 2L << 30;

    /// <summary>
    /// With live logistic MF a snapshot is also taken so long after the last one, if there were events: what is replayed is learned
    /// beside items that the others have learned further, which is not as good. Large snapshots are taken less often.
    /// </summary>
    public TimeSpan LmfSnapshotEvery { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>Items that <see cref="LmfBytes"/> have room for.</summary>
    internal long MostLmfItems => LmfBytes / ItemShares.BytesOf(Lmf!.Factors);

    /// <summary>Refuses what cannot be served.</summary>
    /// <exception cref="InvalidOptionException">An option is out of its range.</exception>
    public void Validate()
    {
        ToOnline().Validate();
        if (Lmf is not null && (LmfExchangeEvery <= TimeSpan.Zero || LmfSnapshotEvery <= TimeSpan.Zero || LmfExchangeBytes < 1 || LmfBytes < 1))
        {
            throw new InvalidOptionException(
                $"events: live lmf exchanges every {LmfExchangeEvery}, {LmfExchangeBytes} bytes, takes snapshots every {LmfSnapshotEvery} and holds {LmfBytes} bytes; all must be above 0");
        }

        if (Lmf?.Negatives.Source == Negatives.NegativeBase.InBatch)
        {
            throw new InvalidOptionException("events: live lmf draws its negatives uniformly or by popularity, not in-batch");
        }

        if (MicroBatchDelay <= TimeSpan.Zero)
        {
            throw new InvalidOptionException($"events: the micro-batch delay is {MicroBatchDelay}, must be above 0");
        }
    }

    internal OnlineOptions ToOnline() => new()
    {
        Events = Events,
        PopularityHalfLife = PopularityHalfLife,
        SnapshotEvents = SnapshotEvents,
        Lmf = Lmf,
        SharesItems = Lmf is not null,
    };
}
