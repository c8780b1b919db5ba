using System.Collections.Concurrent;

namespace Recsys.Engine.Compute;

/// <summary>
/// Work for a <see cref="ComputePool"/> from callers that must not block: one piece runs at a time, in the order they came, on
/// the pool's threads and one of the queue's own, never on a thread of the thread pool. However many callers there are,
/// no more threads compute.
/// </summary>
public sealed class ComputeQueue : IDisposable
{
    private readonly BlockingCollection<Action> _work = new();
    private readonly Thread _thread;

    /// <summary>A queue of work on <paramref name="pool"/>, which it does not own.</summary>
    public ComputeQueue(ComputePool pool)
    {
        ArgumentNullException.ThrowIfNull(pool);
        Pool = pool;
        _thread = new Thread(Work) { IsBackground = true, Name = "recsys-compute-queue" };
        _thread.Start();
    }

    /// <summary>The pool, for work of this queue.</summary>
    public ComputePool Pool { get; }

    /// <summary>Threads that work on a loop.</summary>
    public int Threads => Pool.Threads;

    /// <summary>Runs a loop, see <see cref="ComputePool.Run"/>, when those before it are done.</summary>
    public Task RunAsync(int count, Action<int, int> body, CancellationToken cancellationToken = default) => RunAsync(
        () =>
        {
            Pool.Run(count, body, cancellationToken);
            return true;
        },
        cancellationToken);

    /// <summary>Runs <paramref name="work"/> when what is before it is done. It is not started once the token is cancelled.</summary>
    public Task<T> RunAsync<T>(Func<T> work, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(work);
        var done = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        try
        {
            _work.Add(() => Run(work, done, cancellationToken), CancellationToken.None);
        }
        catch (InvalidOperationException)
        {
            throw new ObjectDisposedException(nameof(ComputeQueue));
        }

        return done.Task;
    }

    /// <summary>Ends the queue when the work that is in it is done.</summary>
    public void Dispose()
    {
        if (!_work.IsAddingCompleted)
        {
            _work.CompleteAdding();
            _thread.Join();
        }
    }

    private static void Run<T>(Func<T> work, TaskCompletionSource<T> done, CancellationToken cancellationToken)
    {
        try
        {
            cancellationToken.ThrowIfCancellationRequested();
            done.SetResult(work());
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            done.SetCanceled(cancellationToken);
        }
        catch (Exception e)
        {
            done.SetException(e);
        }
    }

    private void Work()
    {
        foreach (var piece in _work.GetConsumingEnumerable())
        {
            piece();
        }
    }
}
