using Recsys.Engine.Serving;

namespace Recsys.Client.Calls;

/// <summary>
/// Event ingest that is repeated when a silo goes away. Events without an id get one before the first attempt, so that a
/// repetition counts once.
/// </summary>
internal sealed class RetryingIngest(IEventIngest inner, CallRetry retry) : IEventIngest
{
    public IReadOnlyCollection<string> Kinds => inner.Kinds;

    public ValueTask<IngestReceipt> AcceptAsync(ReadOnlyMemory<IncomingEvent> events, CancellationToken cancellationToken = default) =>
        retry.RunAsync(static (s, t) => s.inner.AcceptAsync(s.named, t), (inner, named: Name(events)), cancellationToken);

    private static ReadOnlyMemory<IncomingEvent> Name(ReadOnlyMemory<IncomingEvent> events)
    {
        foreach (ref readonly var e in events.Span)
        {
            if (e.Id is null)
            {
                return events.ToArray().Select(x => x.Id is null ? x with { Id = Guid.CreateVersion7().ToString("N") } : x).ToArray();
            }
        }

        return events;
    }
}
