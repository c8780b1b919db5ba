namespace Recsys.Engine.Storage;

/// <summary>The end of a journal and those who wait for it to move: what implementations of <see cref="IEventJournal.FollowAsync"/> need.</summary>
public sealed class JournalEnd
{
    private readonly Lock _gate = new();
    private long _position;
    private bool _closed;
    private TaskCompletionSource? _moved;

    /// <summary>Begins at a position.</summary>
    public JournalEnd(long position) => _position = position;

    /// <summary>The position after the last durable event.</summary>
    public long Position => Volatile.Read(ref _position);

    /// <summary>Moves the end on; a position before it changes nothing.</summary>
    public void Advance(long position) => Change(position, close: false);

    /// <summary>Nothing more comes.</summary>
    public void Close() => Change(0, close: true);

    /// <summary>Waits until the end lies beyond a position; false when the journal is closed first.</summary>
    public async ValueTask<bool> WaitBeyondAsync(long position, CancellationToken cancellationToken = default)
    {
        while (true)
        {
            Task moved;
            lock (_gate)
            {
                if (_position > position)
                {
                    return true;
                }

                if (_closed)
                {
                    return false;
                }

                moved = (_moved ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
            }

            await moved.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    private void Change(long position, bool close)
    {
        TaskCompletionSource? waiting;
        lock (_gate)
        {
            _position = Math.Max(_position, position);
            _closed |= close;
            waiting = _moved;
            _moved = null;
        }

        waiting?.SetResult();
    }
}
