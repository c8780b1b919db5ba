namespace Recsys.Engine.Compute;

/// <summary>
/// Work for a <see cref="ComputePool"/> from callers that must not wait on a thread: one piece runs at a time, in the order
/// of arrival, on a thread of the queue's own and the threads of the pool, never on one of the thread pool. However many
/// callers there are, no more threads compute.
/// </summary>
public sealed class ComputeQueue : IDisposable
{
    // Waited on without spinning: where several queues and a service share the processors, that takes them from each other.
    private readonly object _gate = new();
    private readonly Queue<Action> _work = new();
    private readonly Thread _thread;
    private readonly bool _ownsPool;
    private bool _closed;

    /// <summary>Starts a pool of <paramref name="threads"/> (0: one per processor) and the thread that feeds it.</summary>
    public ComputeQueue(int threads = 0)
        : this(new ComputePool(threads), ownsPool: true)
    {
    }

    /// <summary>A queue of work on <paramref name="pool"/>, which it does not own.</summary>
    public ComputeQueue(ComputePool pool)
        : this(pool, ownsPool: false)
    {
    }

    private ComputeQueue(ComputePool pool, bool ownsPool)
    {
        Pool = pool;
        _ownsPool = ownsPool;
        _thread = new Thread(Work) { IsBackground = true, Name = "recsys-compute-queue" };
        _thread.Start();
    }

    /// <summary>The threads. Work of this queue may use them; nobody else should.</summary>
    public ComputePool Pool { get; }

    /// <summary>Threads that work on a piece.</summary>
    public int Threads => Pool.Threads;

    /// <summary>Pieces that wait.</summary>
    public int Waiting
    {
        get
        {
            lock (_gate)
            {
                return _work.Count;
            }
        }
    }

    /// <summary>Runs a loop, see <see cref="ComputePool.Run"/>, when its turn comes.</summary>
    public Task RunAsync(int count, Action<int, int> body, CancellationToken cancellationToken = default) => RunAsync(
        () =>
        {
            Pool.Run(count, body, cancellationToken);
            return true;
        },
        cancellationToken);

    /// <summary>Runs <paramref name="work"/> when its turn comes. It is not started once the token is cancelled.</summary>
    public Task<T> RunAsync<T>(Func<T> work, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(work);
        var done = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_closed, this);
            _work.Enqueue(() => Run(work, done, cancellationToken));
            Monitor.Pulse(_gate);
        }

        return done.Task;
    }

    /// <summary>Finishes what is queued and ends the thread, and the pool's where it is the queue's own.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            if (_closed)
            {
                return;
            }

            _closed = true;
            Monitor.Pulse(_gate);
        }

        _thread.Join();
        if (_ownsPool)
        {
            Pool.Dispose();
        }
    }

    private static void Run<T>(Func<T> work, TaskCompletionSource<T> done, CancellationToken cancellationToken)
    {
        try
        {
            cancellationToken.ThrowIfCancellationRequested();
            done.SetResult(work());
        }
        catch (OperationCanceledException e)
        {
            done.SetCanceled(e.CancellationToken);
        }
        catch (Exception e)
        {
            done.SetException(e);
        }
    }

    private void Work()
    {
        while (Next() is { } piece)
        {
            piece();
        }
    }

    /// <summary>The next piece, waited for; null when there will be none.</summary>
    private Action? Next()
    {
        lock (_gate)
        {
            Action? piece;
            while (!_work.TryDequeue(out piece) && !_closed)
            {
                Monitor.Wait(_gate);
            }

            return piece;
        }
    }
}
