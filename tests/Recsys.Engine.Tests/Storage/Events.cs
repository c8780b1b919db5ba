using Recsys.Engine.Storage;

namespace Recsys.Engine.Tests.Storage;

/// <summary>Made-up events, and what a log holds.</summary>
internal static class Events
{
    public static InteractionEvent Make(long i) => new(
        $"event-{i}", $"user {i % 7}", i % 5 == 0 ? "品目\n" : $"item {i % 11}", (EventKind)(1 + (i % 6)), i, DateTimeOffset.UnixEpoch.AddSeconds(i));

    public static InteractionEvent[] Make(long from, int count) => [.. Enumerable.Range(0, count).Select(i => Make(from + i))];

    public static List<InteractionEvent> All(EventLog log, long from = 0)
    {
        var events = new List<InteractionEvent>();
        foreach (var batch in log.Read(from))
        {
            Assert.Equal(from + events.Count, batch.FirstPosition);
            events.AddRange(batch.ToEvents());
        }

        Assert.Equal(log.End, from + events.Count);
        return events;
    }
}
