namespace Recsys.Engine.Serving;

/// <summary>Where events are accepted. Safe for any number of concurrent callers.</summary>
public interface IEventIngest
{
    /// <summary>The kinds of events that are accepted.</summary>
    IReadOnlyCollection<string> Kinds { get; }

    /// <summary>
    /// Accepts a batch, all or nothing; returns when every event of it is durable. Cancelling may leave the batch
    /// accepted or not: repeat it with the same ids.
    /// </summary>
    /// <exception cref="InvalidOptionException">An event is not valid, e.g. of an unknown kind; none was accepted.</exception>
    ValueTask<IngestReceipt> AcceptAsync(ReadOnlyMemory<IncomingEvent> events, CancellationToken cancellationToken = default);
}
