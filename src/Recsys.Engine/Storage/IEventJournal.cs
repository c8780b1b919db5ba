namespace Recsys.Engine.Storage;

/// <summary>
/// A durable, ordered record of events with one writer: an <see cref="EventLog"/> on disk, or a table of a database.
/// Positions count events from 0 without gaps, for ever. Whoever opens a journal last is its writer: an earlier one,
/// which may not know yet that it was given up for lost, gets a <see cref="JournalTakenException"/> from its next append
/// and has appended nothing by it. Safe for any number of concurrent callers.
/// </summary>
public interface IEventJournal : IAsyncDisposable
{
    /// <summary>The first position still held.</summary>
    long Start { get; }

    /// <summary>The position after the last durable event.</summary>
    long End { get; }

    /// <summary>
    /// Appends events in their order, without others in between; returns when all are durable. An event whose id was
    /// appended before (among at least the last million) is not appended again. Cancelling may leave them appended or not.
    /// </summary>
    /// <exception cref="RecsysException">An event is not valid: none is appended.</exception>
    /// <exception cref="JournalTakenException">Another one opened the journal since: none is appended.</exception>
    ValueTask<AppendResult> AppendAsync(ReadOnlyMemory<InteractionEvent> events, CancellationToken cancellationToken = default);

    /// <summary>The durable events from a position on, in batches, as far as the journal reaches when it is asked.</summary>
    /// <exception cref="RecsysException">The position was deleted, or lies beyond the end.</exception>
    IAsyncEnumerable<EventBatch> ReadAsync(long from, CancellationToken cancellationToken = default);

    /// <summary>
    /// The durable events from a position on, and then those that come, until cancelled or until the journal is closed.
    /// </summary>
    /// <inheritdoc cref="ReadAsync"/>
    IAsyncEnumerable<EventBatch> FollowAsync(long from, CancellationToken cancellationToken = default);

    /// <summary>
    /// Gives up the events below a position, e.g. that of a snapshot; the journal may keep more, e.g. to recognise duplicates.
    /// </summary>
    ValueTask DeleteBelowAsync(long position, CancellationToken cancellationToken = default);
}
