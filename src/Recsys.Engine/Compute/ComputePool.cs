using System.Runtime.ExceptionServices;

namespace Recsys.Engine.Compute;

/// <summary>
/// A fixed team of threads for loops of CPU-bound work: the caller's thread and <see cref="Threads"/> − 1 of its own,
/// apart from the thread pool. Work items are handed out by a shared counter, so which thread gets which item changes
/// from run to run: bodies must write only what their own item owns, and sums across items are taken in item order
/// afterwards. One loop runs at a time; a second caller waits, and a loop within a loop is an error.
/// </summary>
public sealed class ComputePool : IDisposable
{
    private readonly Thread[] _workers;
    private readonly SemaphoreSlim _start = new(0);
    private readonly Lock _gate = new();
    private volatile bool _disposed;
    private Loop? _loop;

    /// <summary>Starts a team of <paramref name="threads"/> (0: one per processor).</summary>
    public ComputePool(int threads = 0)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(threads);
        Threads = threads == 0 ? Environment.ProcessorCount : threads;
        _workers = new Thread[Threads - 1];
        for (int w = 0; w < _workers.Length; w++)
        {
            int worker = w + 1;
            _workers[w] = new Thread(() => Work(worker)) { IsBackground = true, Name = $"recsys-compute-{worker}" };
            _workers[w].Start();
        }
    }

    /// <summary>Threads for work beside a service that answers: half of the processors, at least one, so that requests keep the others.</summary>
    public static int BesideServing => Math.Max(1, Environment.ProcessorCount / 2);

    /// <summary>Threads that work on a loop, the caller's included.</summary>
    public int Threads { get; }

    /// <summary>
    /// Runs <paramref name="body"/>(worker, item) for every item in [0, <paramref name="count"/>) and returns when all
    /// are done. Worker is in [0, <see cref="Threads"/>): use it to pick scratch memory. After an exception or
    /// cancellation no further item is started and the first exception is rethrown.
    /// </summary>
    public void Run(int count, Action<int, int> body, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(body);
        ObjectDisposedException.ThrowIf(_disposed, this);
        if (count <= 0)
        {
            return;
        }

        // The helpers are in the loop around: they would not come.
        if (_gate.IsHeldByCurrentThread)
        {
            throw new InvalidOperationException("a loop was begun from within a loop of the same pool");
        }

        lock (_gate)
        {
            int helpers = Math.Min(_workers.Length, count - 1);
            var loop = new Loop(count, body, helpers, cancellationToken);
            if (helpers > 0)
            {
                Volatile.Write(ref _loop, loop);
                _start.Release(helpers);
            }

            loop.Drain(0);
            loop.WaitForHelpers();
            loop.Error?.Throw();
            cancellationToken.ThrowIfCancellationRequested();
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_disposed)
        {
            return;
        }

        _disposed = true;
        if (_workers.Length > 0)
        {
            _start.Release(_workers.Length);
        }

        foreach (var worker in _workers)
        {
            worker.Join();
        }

        _start.Dispose();
    }

    private void Work(int worker)
    {
        while (true)
        {
            _start.Wait();
            if (_disposed)
            {
                return;
            }

            var loop = Volatile.Read(ref _loop)!;
            loop.Drain(worker);
            loop.HelperDone();
        }
    }

    private sealed class Loop(int count, Action<int, int> body, int helpers, CancellationToken cancellationToken)
    {
        private readonly ManualResetEventSlim _helpersDone = new(helpers == 0);
        private int _next;
        private int _helpersLeft = helpers;
        private ExceptionDispatchInfo? _error;

        public ExceptionDispatchInfo? Error => _error;

        public void Drain(int worker)
        {
            try
            {
                int item;
                while ((item = Interlocked.Increment(ref _next) - 1) < count)
                {
                    if (_error is not null || cancellationToken.IsCancellationRequested)
                    {
                        return;
                    }

                    body(worker, item);
                }
            }
            catch (Exception e)
            {
                Interlocked.CompareExchange(ref _error, ExceptionDispatchInfo.Capture(e), null);
            }
        }

        public void HelperDone()
        {
            if (Interlocked.Decrement(ref _helpersLeft) == 0)
            {
                _helpersDone.Set();
            }
        }

        public void WaitForHelpers() => _helpersDone.Wait(CancellationToken.None);
    }
}
