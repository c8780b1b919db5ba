using System.Runtime.CompilerServices;

namespace Recsys.Engine.Storage;

/// <summary>
/// A durable, append-only log of events in a directory of checksummed segments. An append returns when its events are
/// on the disk and not before; appends that wait at the same time share one flush. Positions count events from 0.
/// An event whose id is among the last <see cref="EventLogOptions.DedupEvents"/> is acknowledged and not written
/// again, across restarts. One process has a log open at a time; within it, any number of threads append and read.
/// Formats and guarantees: docs/storage.md.
/// </summary>
public sealed class EventLog : IEventJournal, IDisposable
{
    private const int ReadEvents = 4096;

    private readonly EventLogOptions _options;
    private readonly FileLock _lock;
    private readonly EventLogFiles _files;
    private readonly DedupWindow? _window;
    private readonly EventLogWriter _writer;
    private int _disposed;

    private EventLog(string directory, EventLogOptions options, FileLock held)
    {
        Directory = directory;
        _options = options;
        _lock = held;
        _files = new EventLogFiles(directory, options);
        try
        {
            _window = options.DedupEvents > 0 ? RebuildWindow(options.DedupEvents) : null;
            _writer = new EventLogWriter(_files, options, _window, directory);
        }
        catch
        {
            _files.Dispose();
            throw;
        }
    }

    /// <summary>Where it is.</summary>
    public string Directory { get; }

    /// <summary>What opening found: its extent, and how much of an interrupted write was cut off.</summary>
    public EventLogRecovery Recovery => _files.Recovery;

    /// <summary>The first position still held.</summary>
    public long Start => _files.Start;

    /// <summary>The position after the last durable event.</summary>
    public long End => _files.End.Position;

    /// <summary>Opens a log, creating it where there is none.</summary>
    /// <exception cref="EventLogDamagedException">It is damaged, not as a crash would leave it.</exception>
    /// <exception cref="EventLogInUseException">It is open already.</exception>
    /// <exception cref="RecsysException">The directory cannot be used.</exception>
    public static EventLog Open(string directory, EventLogOptions? options = null)
    {
        options ??= EventLogOptions.Default;
        options.Validate();
        FileLock? held = null;
        try
        {
            string full = Path.TrimEndingDirectorySeparator(Path.GetFullPath(directory));
            DurableFiles.CreateDirectory(full);
            held = FileLock.TryTake(Path.Combine(full, "log.lock"), delete: false)
                ?? throw new EventLogInUseException(directory);
            return new EventLog(full, options, held);
        }
        catch (Exception e)
        {
            held?.Dispose();
            if (e is IOException or UnauthorizedAccessException)
            {
                throw new RecsysException($"{directory}: the event log cannot be opened: {e.Message.ReplaceLineEndings(" ")}", e);
            }

            throw;
        }
    }

    /// <summary>Appends one event; returns when it is durable.</summary>
    /// <inheritdoc cref="AppendAsync(ReadOnlyMemory{InteractionEvent}, CancellationToken)"/>
    public async ValueTask<AppendResult> AppendAsync(InteractionEvent e, CancellationToken cancellationToken = default)
    {
        var pending = new PendingAppend(new ReadOnlySpan<InteractionEvent>(in e), _files.Seed, _window);
        await _writer.EnqueueAsync(pending, cancellationToken).ConfigureAwait(false);
        return await pending.Completion.ConfigureAwait(false);
    }

    /// <summary>
    /// Appends events in their order, without others in between; returns when all are durable. Cancelling works while
    /// the call is held back because too much is queued; after that it is written.
    /// </summary>
    /// <exception cref="RecsysException">
    /// An event is not valid (none is written then), or the disk failed (what is on it is then found out by opening anew).
    /// </exception>
    public async ValueTask<AppendResult> AppendAsync(ReadOnlyMemory<InteractionEvent> events, CancellationToken cancellationToken = default)
    {
        if (events.IsEmpty)
        {
            return new AppendResult(End, 0, 0);
        }

        var pending = new PendingAppend(events.Span, _files.Seed, _window);
        await _writer.EnqueueAsync(pending, cancellationToken).ConfigureAwait(false);
        return await pending.Completion.ConfigureAwait(false);
    }

    /// <summary>The durable events from a position on, in batches of about 4096, as far as the log reached when it was asked.</summary>
    /// <exception cref="EventLogDamagedException">While reading: a segment is damaged.</exception>
    /// <exception cref="RecsysException">The position was deleted, or lies beyond the end.</exception>
    public IEnumerable<EventBatch> Read(long from)
    {
        CheckPosition(from);
        return ReadTo(from, End);
    }

    /// <inheritdoc/>
    async IAsyncEnumerable<EventBatch> IEventJournal.ReadAsync(long from, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        foreach (var batch in Read(from))
        {
            cancellationToken.ThrowIfCancellationRequested();
            yield return batch;
        }

        await Task.CompletedTask.ConfigureAwait(false);
    }

    /// <summary>
    /// The durable events from a position on, and then those that come, until cancelled or until the log is closed.
    /// </summary>
    /// <inheritdoc cref="Read"/>
    public async IAsyncEnumerable<EventBatch> FollowAsync(long from, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        CheckPosition(from);
        using var cursor = new EventLogCursor(_files, from);
        do
        {
            while (cursor.Read(ReadEvents) is { } batch)
            {
                yield return batch;
                cancellationToken.ThrowIfCancellationRequested();
            }
        }
        while (await _writer.WaitBeyondAsync(cursor.Next, cancellationToken).ConfigureAwait(false));
    }

    /// <summary>
    /// Gives up the events below a position, e.g. that of a snapshot: deletes the segments that lie wholly below it,
    /// but keeps what recognising duplicates needs. Returns how many were deleted.
    /// </summary>
    public int DeleteBelow(long position) => _files.DeleteBelow(Math.Min(position, End - _options.DedupEvents));

    /// <inheritdoc/>
    ValueTask IEventJournal.DeleteBelowAsync(long position, CancellationToken cancellationToken) =>
        new(Task.Run(() => DeleteBelow(position), cancellationToken));

    /// <summary>Reads everything once and so checks every checksum.</summary>
    /// <exception cref="EventLogDamagedException">A segment is damaged.</exception>
    public void Verify(CancellationToken cancellationToken = default)
    {
        foreach (var _ in Read(Start))
        {
            cancellationToken.ThrowIfCancellationRequested();
        }
    }

    /// <summary>Writes what was appended, then closes.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
        {
            return;
        }

        try
        {
            if (_writer.Close())
            {
                _files.MarkClean();
            }
        }
        catch (IOException)
        {
            // The events are durable; only the mark that says so could not be left.
        }
        finally
        {
            _files.Dispose();
            _lock.Dispose();
        }
    }

    /// <inheritdoc cref="Dispose"/>
    public ValueTask DisposeAsync() => new(Task.Run(Dispose));

    private IEnumerable<EventBatch> ReadTo(long from, long end)
    {
        using var cursor = new EventLogCursor(_files, from);
        while (cursor.Next < end && cursor.Read((int)Math.Min(ReadEvents, end - cursor.Next)) is { } batch)
        {
            yield return batch;
        }
    }

    private void CheckPosition(long position)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(position);
        if (position > End)
        {
            throw new RecsysException($"{Directory}: position {position} lies beyond the end, {End}");
        }

        _ = _files.Find(position);
    }

    private DedupWindow RebuildWindow(int events)
    {
        var window = new DedupWindow(events);
        foreach (var batch in ReadTo(Math.Max(Start, End - events), End))
        {
            for (int i = 0; i < batch.Count; i++)
            {
                window.Add(batch[i].Id);
            }
        }

        return window;
    }
}
