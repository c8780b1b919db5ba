using Recsys.Engine.Serving;
using Recsys.Engine.Storage;

namespace Recsys.Engine.Online;

/// <summary>
/// Learns from events as they come: an event is accepted when it is durable in the log, then applied, in the order of
/// the log, to histories, popularity, ALS, logistic MF and EASE (<see cref="OnlineOptions"/>). A snapshot and the log
/// from its position on are the state after a crash: the same events in the same order, so the same models (EASE within
/// float tolerance, since its steps may fall elsewhere). What is exact and what is not: docs/online.md.
/// </summary>
public sealed partial class OnlineEngine : IEventIngest, IUserForget, IAsyncDisposable
{
    private readonly OnlineOptions _options;
    private readonly OnlineState _state;
    private readonly IEventJournal _log;
    private readonly IOnlineSnapshots _snapshots;
    private readonly Dictionary<string, EventRule> _kinds;
    private readonly CancellationTokenSource _stopping = new();
    private readonly SemaphoreSlim _snapshotGate = new(1);
    private readonly Task _applying;
    private readonly Task _stepping;
    private readonly EagerFoldIn? _foldIn;
    private TaskCompletionSource _advanced = New();
    private readonly long _replayTo;
    private long _snapshotAt;
    private RecsysException? _failure;
    private int _disposed;

    private OnlineEngine(OnlineOptions options, OnlineState state, IEventJournal log, IOnlineSnapshots snapshots)
    {
        _options = options;
        _state = state;
        _log = log;
        _snapshots = snapshots;
        _snapshotAt = state.Position;
        _replayTo = log.End;
        _kinds = options.Events.ToDictionary(e => e.Name, StringComparer.Ordinal);
        _foldIn = options.EagerFoldIn && state.Als is not null ? new EagerFoldIn(state) : null;
        state.Changed = _foldIn is null ? null : _foldIn.Add;
        _applying = Task.Run(ApplyAsync);
        _stepping = state.Ease is null ? Task.CompletedTask : Task.Run(StepAsync);
    }

    /// <inheritdoc/>
    public IReadOnlyCollection<string> Kinds => _kinds.Keys;

    /// <summary>Position in the log up to which events are applied.</summary>
    public long Applied => _state.Read(s => s.Position);

    /// <summary>Position in the log behind the last durable event.</summary>
    public long Accepted => _log.End;

    /// <summary>
    /// Recommendations from the models as they stand, by the names "ease", "als", "lmf" and "popularity".
    /// </summary>
    /// <param name="items">Names, categories and availability of items; null for none.</param>
    public IRecommender CreateRecommender(ItemStore? items = null) => new OnlineRecommender(_state, items ?? new ItemStore());

    /// <summary>Steps EASE has taken; 0 where there is no EASE.</summary>
    public long EaseSteps => _state.Ease?.Steps ?? 0;

    internal OnlineState State => _state;

    internal EagerFoldIn? FoldIn => _foldIn;

    /// <summary>
    /// Opens the engine in a directory: the newest sound snapshot there and the log from its position on, all of it applied
    /// (EASE's steps included) when it returns. In an empty directory it begins with <paramref name="start"/>, of which it
    /// keeps a snapshot.
    /// </summary>
    /// <exception cref="RecsysException">The directory is in use or damaged beyond what snapshots and log can restore.</exception>
    public static async Task<OnlineEngine> OpenAsync(
        string directory, OnlineOptions options, OnlineStart? start = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        var log = EventLog.Open(Path.Combine(directory, "log"), options.Log);
        SnapshotFolder snapshots;
        try
        {
            snapshots = new SnapshotFolder(Path.Combine(directory, "snapshots"), options.SnapshotsKept);
        }
        catch
        {
            await log.DisposeAsync().ConfigureAwait(false);
            throw;
        }

        return await OpenAsync(directory, log, snapshots, options, start, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>
    /// Opens the engine over a journal, which it owns from now on, with snapshots under <c>NAME/</c> in a blob store.
    /// </summary>
    /// <param name="name">Prefix of the snapshots' keys.</param>
    /// <param name="journal">The events.</param>
    /// <param name="blobs">Receives snapshots.</param>
    /// <param name="temporaryFolder">A folder for their files on the way; they are deleted again.</param>
    /// <param name="options">What it keeps.</param>
    /// <param name="start">What it begins with where there is neither snapshot nor event.</param>
    /// <param name="cancellationToken">Stops opening.</param>
    /// <exception cref="RecsysException">It is damaged beyond what snapshots and journal can restore.</exception>
    public static Task<OnlineEngine> OpenAsync(
        string name,
        IEventJournal journal,
        IBlobStore blobs,
        string temporaryFolder,
        OnlineOptions options,
        OnlineStart? start = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        return OpenAsync(name, journal, new SnapshotBlobs(blobs, name, temporaryFolder, options.SnapshotsKept), options, start, cancellationToken);
    }

    private static async Task<OnlineEngine> OpenAsync(
        string name, IEventJournal log, IOnlineSnapshots snapshots, OnlineOptions options, OnlineStart? start, CancellationToken cancellationToken)
    {
        OnlineState? state = null;
        OnlineEngine engine;
        try
        {
            state = await snapshots.LoadNewestAsync(folder => OnlineState.Load(folder, options, cancellationToken), log.Start, cancellationToken)
                .ConfigureAwait(false);
            if (state is null)
            {
                if (log.Start > 0)
                {
                    throw new RecsysException($"{name}: no sound snapshot is left, and the log begins at {log.Start} only");
                }

                var created = state = OnlineState.Create(start ?? OnlineStart.Empty, options, cancellationToken);
                await snapshots.SaveAsync(folder => created.Save(folder, cancellationToken), cancellationToken).ConfigureAwait(false);
            }

            if (state.Position > log.End)
            {
                throw new RecsysException($"{name}: the snapshot is at {state.Position}, the log ends at {log.End}: they do not belong together");
            }

            engine = new OnlineEngine(options, state, log, snapshots);
        }
        catch
        {
            state?.Dispose();
            await log.DisposeAsync().ConfigureAwait(false);
            throw;
        }

        try
        {
            await engine.WaitAppliedAsync(log.End, cancellationToken).ConfigureAwait(false);
            await engine.FlushEaseAsync(cancellationToken).ConfigureAwait(false);
            return engine;
        }
        catch
        {
            await engine.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <inheritdoc/>
    public async ValueTask<IngestReceipt> AcceptAsync(ReadOnlyMemory<IncomingEvent> events, CancellationToken cancellationToken = default)
    {
        ThrowIfFailed();
        var ids = new string[events.Length];
        var records = new InteractionEvent[events.Length];
        var now = DateTimeOffset.UtcNow;
        for (int e = 0; e < records.Length; e++)
        {
            records[e] = Convert(events.Span[e], e, now);
            ids[e] = records[e].Id;
        }

        var result = await _log.AppendAsync(records, cancellationToken).ConfigureAwait(false);
        return new IngestReceipt(ids, result.Accepted, result.Duplicates, result.End);
    }

    /// <summary>Appends events by their codes; returns when they are durable.</summary>
    public ValueTask<AppendResult> AppendAsync(ReadOnlyMemory<InteractionEvent> events, CancellationToken cancellationToken = default)
    {
        ThrowIfFailed();
        return _log.AppendAsync(events, cancellationToken);
    }

    /// <summary>
    /// Forgets a user (see docs/online.md for what becomes of each model): durable and applied, EASE's step included,
    /// when it returns. The tombstone keeps replays of the log from bringing the user back.
    /// </summary>
    public async ValueTask<bool> ForgetAsync(string user, CancellationToken cancellationToken = default)
    {
        ThrowIfFailed();
        if (string.IsNullOrEmpty(user))
        {
            throw new InvalidOptionException("forget: the user's id is empty");
        }

        await WaitAppliedAsync(_log.End, cancellationToken).ConfigureAwait(false);
        bool known = _state.Read(s => s.UserIds.TryGetIndex(user, out int index) && !s.Histories.Items(index).IsEmpty);

        // The tombstone is written in any case: events of the user may be on their way.
        var tombstone = InteractionEvent.Forget($"forget-{Guid.NewGuid():N}", user, DateTimeOffset.UtcNow);
        var result = await _log.AppendAsync(new[] { tombstone }, cancellationToken).ConfigureAwait(false);
        await WaitAppliedAsync(result.End, cancellationToken).ConfigureAwait(false);
        await FlushEaseAsync(cancellationToken).ConfigureAwait(false);
        return known;
    }

    /// <summary>Waits until everything before a position in the log is applied.</summary>
    public async Task WaitAppliedAsync(long position, CancellationToken cancellationToken = default)
    {
        while (true)
        {
            var advanced = Volatile.Read(ref _advanced).Task;
            if (Applied >= position)
            {
                return;
            }

            ThrowIfFailed();
            await advanced.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>
    /// Takes a snapshot now, drops the oldest ones, and gives up the part of the log that no snapshot needs. Returns its
    /// position.
    /// </summary>
    public async Task<long> SnapshotAsync(CancellationToken cancellationToken = default)
    {
        await _snapshotGate.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            long position = await _snapshots.SaveAsync(folder => _state.Save(folder, cancellationToken), cancellationToken).ConfigureAwait(false);
            Volatile.Write(ref _snapshotAt, position);
            long oldest = await _snapshots.OldestAsync(cancellationToken).ConfigureAwait(false);
            await _log.DeleteBelowAsync(oldest, cancellationToken).ConfigureAwait(false);
            return position;
        }
        finally
        {
            _snapshotGate.Release();
        }
    }

    /// <summary>Stops applying and closes the log. What is accepted and not applied is applied after the next opening.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
        {
            return;
        }

        await _stopping.CancelAsync().ConfigureAwait(false);
        await _applying.ConfigureAwait(false);
        await _stepping.ConfigureAwait(false);
        if (_foldIn is not null)
        {
            await _foldIn.DisposeAsync().ConfigureAwait(false);
        }

        await _log.DisposeAsync().ConfigureAwait(false);
        await _snapshotGate.WaitAsync().ConfigureAwait(false);
        _state.Dispose();
        _stopping.Dispose();
        _snapshotGate.Dispose();
    }

    private static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private InteractionEvent Convert(in IncomingEvent e, int place, DateTimeOffset now)
    {
        if (string.IsNullOrEmpty(e.User) || string.IsNullOrEmpty(e.Item) || e.Id is { Length: 0 })
        {
            throw new InvalidOptionException($"event {place}: expected a user, an item and no empty id");
        }

        if (!_kinds.TryGetValue(e.Kind ?? "", out var rule))
        {
            throw new InvalidOptionException($"event {place}: unknown kind '{e.Kind}'; expected one of {string.Join(", ", _kinds.Keys)}");
        }

        float value = e.Value ?? 1;
        if (!float.IsFinite(value) || value <= 0)
        {
            throw new InvalidOptionException($"event {place}: the value is {value}, expected a number above 0");
        }

        return new InteractionEvent(e.Id ?? Guid.NewGuid().ToString("N"), e.User, e.Item, rule.Kind, value, e.Time ?? now);
    }

    private async Task ApplyAsync()
    {
        try
        {
            await foreach (var batch in _log.FollowAsync(_state.Position, _stopping.Token).ConfigureAwait(false))
            {
                await ApplyAsync(batch).ConfigureAwait(false);
                Interlocked.Exchange(ref _advanced, New()).SetResult();
                if (_options.SnapshotEvents > 0 && batch.End - Volatile.Read(ref _snapshotAt) >= _options.SnapshotEvents)
                {
                    Volatile.Write(ref _snapshotAt, batch.End);
                    _ = SnapshotInBackgroundAsync();
                }
            }
        }
        catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
        {
            // Disposed.
        }
        catch (Exception e)
        {
            Fail("events could not be applied", e);
        }
    }

    private async Task SnapshotInBackgroundAsync()
    {
        try
        {
            await SnapshotAsync(_stopping.Token).ConfigureAwait(false);
        }
        catch (Exception e) when (e is OperationCanceledException or ObjectDisposedException && _stopping.IsCancellationRequested)
        {
            // Disposed: the log has the events.
        }
        catch (Exception e)
        {
            Fail("a snapshot could not be taken", e);
        }
    }

    private void Fail(string what, Exception e)
    {
        Volatile.Write(ref _failure, new RecsysException($"online: {what} after position {_log.End}: {e.Message.ReplaceLineEndings(" ")}", e));
        Interlocked.Exchange(ref _advanced, New()).SetResult();
    }

    private void ThrowIfFailed()
    {
        if (Volatile.Read(ref _failure) is { } failure)
        {
            throw new RecsysException(failure.Message, failure);
        }
    }
}
