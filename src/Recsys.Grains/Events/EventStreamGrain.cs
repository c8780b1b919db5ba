using Microsoft.Extensions.Logging;
using Orleans.Streams;
using Orleans.Streams.Core;
using Recsys.Engine;
using Recsys.Engine.Serving;

namespace Recsys.Grains.Events;

/// <summary>
/// Subscribed to the partition's stream by its key. What the provider delivers together goes to the partition together;
/// the provider is told that it was taken when it is durable, and delivers again what was not.
/// </summary>
[ImplicitStreamSubscription(EventStreams.Namespace)]
internal sealed class EventStreamGrain(ILogger<EventStreamGrain> logger)
    : Grain, IEventStreamGrain, IStreamSubscriptionObserver, IAsyncBatchObserver<EventStreamBatch>
{
    public Task OnSubscribed(IStreamSubscriptionHandleFactory handleFactory) => handleFactory.Create<EventStreamBatch>().ResumeAsync(this);

    public async Task OnNextAsync(IList<SequentialItem<EventStreamBatch>> items)
    {
        var partition = GrainFactory.Known<IEventPartitionGrain>(this.GetPrimaryKeyLong());
        foreach (var batch in items.SelectMany(i => i.Item.Events).Chunk(EventLimits.MostEvents))
        {
            try
            {
                await partition.AcceptAsync(batch, CancellationToken.None);
            }
            catch (InvalidOptionException)
            {
                await AcceptSinglyAsync(partition, batch);
            }
        }
    }

    public Task OnCompletedAsync() => Task.CompletedTask;

    public Task OnErrorAsync(Exception ex)
    {
        logger.LogWarning(ex, "the stream of event partition {Partition} reports an error", this.GetPrimaryKeyLong());
        return Task.CompletedTask;
    }

    /// <summary>Nobody is there to be told of an event that is not valid: it is left out, and the others are taken.</summary>
    private async Task AcceptSinglyAsync(IEventPartitionGrain partition, IncomingEvent[] events)
    {
        foreach (var e in events)
        {
            try
            {
                await partition.AcceptAsync([e], CancellationToken.None);
            }
            catch (InvalidOptionException error)
            {
                logger.LogWarning("event '{Id}' of the stream is left out: {Reason}", e.Id, error.Message);
            }
        }
    }
}
