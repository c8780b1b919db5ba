using System.Buffers;

namespace Recsys.Engine.Storage;

/// <summary>
/// The one thread that writes: takes what appenders queued, leaves out duplicates, writes it as one group, flushes,
/// and only then tells the appenders. After a failed write or flush nothing is known of what is on the disk: it then
/// refuses everything until the log is opened anew.
/// </summary>
internal sealed class EventLogWriter
{
    private readonly EventLogFiles _files;
    private readonly EventLogOptions _options;
    private readonly DedupWindow? _window;
    private readonly string _name;
    private readonly Thread _thread;
    private readonly object _gate = new(); // a Monitor: the thread waits on it
    private readonly Queue<PendingAppend> _queue = new();
    private readonly List<PendingAppend> _taken = [];
    private byte[] _group = new byte[1 << 16];
    private long _queuedBytes;
    private bool _closing;
    private RecsysException? _failure;
    private TaskCompletionSource? _room;
    private TaskCompletionSource? _advanced;

    public EventLogWriter(EventLogFiles files, EventLogOptions options, DedupWindow? window, string name)
    {
        _files = files;
        _options = options;
        _window = window;
        _name = name;
        _thread = new Thread(Run) { IsBackground = true, Name = "recsys-event-log" };
        _thread.Start();
    }

    /// <summary>Queues an append, waiting while too much is queued.</summary>
    public async ValueTask EnqueueAsync(PendingAppend pending, CancellationToken cancellationToken)
    {
        while (true)
        {
            Task room;
            lock (_gate)
            {
                ThrowIfClosed();
                if (_queuedBytes == 0 || _queuedBytes + pending.Bytes <= _options.MaxQueuedBytes)
                {
                    _queuedBytes += pending.Bytes;
                    _queue.Enqueue(pending);
                    Monitor.Pulse(_gate);
                    return;
                }

                room = (_room ??= NewSignal()).Task;
            }

            await room.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Waits until the log is durable beyond a position; false when it is closed first.</summary>
    public async ValueTask<bool> WaitBeyondAsync(long position, CancellationToken cancellationToken)
    {
        while (true)
        {
            Task advanced;
            lock (_gate)
            {
                if (_files.End.Position > position)
                {
                    return true;
                }

                if (_failure is not null)
                {
                    throw new RecsysException(_failure.Message, _failure);
                }

                if (_closing)
                {
                    return false;
                }

                advanced = (_advanced ??= NewSignal()).Task;
            }

            await advanced.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Writes what is queued, then ends the thread. True where everything that was queued is durable.</summary>
    public bool Close()
    {
        lock (_gate)
        {
            _closing = true;
            Monitor.Pulse(_gate);
        }

        _thread.Join();
        return _failure is null;
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private void Run()
    {
        while (Take())
        {
            try
            {
                WriteGroup();
            }
            catch (Exception e)
            {
                Fail(new RecsysException($"{_name}: events could not be written ({e.Message.ReplaceLineEndings(" ")}); open the log anew", e));
            }

            foreach (var pending in _taken)
            {
                pending.Complete(_failure);
            }

            _taken.Clear();
            Signal(ref _advanced);
        }

        Signal(ref _room);
        Signal(ref _advanced);
    }

    /// <summary>Waits for appends and takes a group of them; false at the end.</summary>
    private bool Take()
    {
        lock (_gate)
        {
            while (_queue.Count == 0)
            {
                if (_closing)
                {
                    return false;
                }

                Monitor.Wait(_gate);
            }

            if (_options.GroupDelay > TimeSpan.Zero)
            {
                long deadline = Environment.TickCount64 + (long)Math.Ceiling(_options.GroupDelay.TotalMilliseconds);
                while (!_closing && _queuedBytes < _options.MaxGroupBytes && deadline - Environment.TickCount64 is > 0 and var left)
                {
                    Monitor.Wait(_gate, (int)left);
                }
            }

            long bytes = 0;
            while (bytes < _options.MaxGroupBytes && _queue.TryDequeue(out var pending))
            {
                bytes += pending.Bytes;
                _taken.Add(pending);
            }

            _queuedBytes -= bytes;
        }

        Signal(ref _room);
        return true;
    }

    private void WriteGroup()
    {
        if (_failure is not null)
        {
            return;
        }

        int length = EventSegment.GroupBytes;
        int count = 0;
        long first = _files.End.Position;
        foreach (var pending in _taken)
        {
            if (_group.Length - length < pending.Bytes)
            {
                Array.Resize(ref _group, (int)Math.Min(Array.MaxLength, Math.Max(length + (long)pending.Bytes, _group.Length * 2L)));
            }

            (int bytes, int accepted) = pending.CopyNew(_group.AsSpan(length), _window);
            pending.Result = new AppendResult(first + count, accepted, pending.Count - accepted);
            length += bytes;
            count += accepted;
        }

        // Nothing new: what these are duplicates of is in this log already, and durable.
        if (count > 0)
        {
            _files.Append(_group.AsSpan(0, length), count);
        }
    }

    private void Fail(RecsysException failure)
    {
        lock (_gate)
        {
            _failure = failure;
        }
    }

    private void Signal(ref TaskCompletionSource? signal)
    {
        TaskCompletionSource? waiting;
        lock (_gate)
        {
            waiting = signal;
            signal = null;
        }

        waiting?.SetResult();
    }

    private void ThrowIfClosed()
    {
        if (_failure is not null)
        {
            throw new RecsysException(_failure.Message, _failure);
        }

        ObjectDisposedException.ThrowIf(_closing, typeof(EventLog));
    }
}
