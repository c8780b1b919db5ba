using Orleans.Runtime;
using Orleans.Streams;
using Recsys.Engine.Als;
using Recsys.Engine.Serving;

namespace Recsys.Grains.Events;

/// <summary>
/// Events by Orleans streams, one stream an event partition. What is published is in the provider's hands: with memory
/// streams it may be lost with a silo. It is acknowledged when the partition has it (<see cref="IEventPartitionGrain"/>):
/// who needs certainty calls that directly, or publishes again with the same ids, which changes nothing.
/// </summary>
public static class EventStreams
{
    /// <summary>Namespace of the streams.</summary>
    public const string Namespace = "recsys.events";

    /// <summary>Publishes events, each of which gets an id if it has none; returns when the provider has taken them.</summary>
    /// <param name="provider">The provider that silos are configured with.</param>
    /// <param name="partitions">Event partitions of the cluster.</param>
    /// <param name="events">The events.</param>
    public static async Task PublishAsync(IStreamProvider provider, int partitions, IReadOnlyList<IncomingEvent> events)
    {
        ArgumentNullException.ThrowIfNull(provider);
        ArgumentNullException.ThrowIfNull(events);
        var batches = events
            .Select(e => e.Id is null ? e with { Id = Guid.NewGuid().ToString("N") } : e)
            .GroupBy(e => VirtualBlocks.PartitionOf(e.User, partitions));
        await Task.WhenAll(batches.Select(b =>
            provider.GetStream<EventStreamBatch>(StreamId.Create(Namespace, b.Key)).OnNextAsync(new EventStreamBatch([.. b]))));
    }
}
