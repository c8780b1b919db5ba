using System.Collections.Concurrent;

namespace Recsys.Engine.Compute;

/// <summary>
/// Loops of a <see cref="ComputePool"/> for callers that must not block: they run one after the other, in the order they
/// came, on the pool's threads and one of the queue's own, never on a thread of the thread pool.
/// </summary>
public sealed class ComputeQueue : IDisposable
{
    private readonly ComputePool _pool;
    private readonly BlockingCollection<Action> _loops = new();
    private readonly Thread _thread;

    /// <summary>A queue of loops on <paramref name="pool"/>, which it does not own.</summary>
    public ComputeQueue(ComputePool pool)
    {
        _pool = pool;
        _thread = new Thread(Work) { IsBackground = true, Name = "recsys-compute-queue" };
        _thread.Start();
    }

    /// <summary>Threads that work on a loop.</summary>
    public int Threads => _pool.Threads;

    /// <summary>Runs a loop, see <see cref="ComputePool.Run"/>, when those before it are done.</summary>
    public Task RunAsync(int count, Action<int, int> body, CancellationToken cancellationToken = default)
    {
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        try
        {
            _loops.Add(() => Run(count, body, done, cancellationToken), CancellationToken.None);
        }
        catch (InvalidOperationException)
        {
            throw new ObjectDisposedException(nameof(ComputeQueue));
        }

        return done.Task;
    }

    /// <summary>Ends the queue when the loops that are in it are done.</summary>
    public void Dispose()
    {
        // The collection itself holds nothing that has to be freed, and a late caller is to find it closed.
        _loops.CompleteAdding();
        _thread.Join();
    }

    private void Run(int count, Action<int, int> body, TaskCompletionSource done, CancellationToken cancellationToken)
    {
        try
        {
            cancellationToken.ThrowIfCancellationRequested();
            _pool.Run(count, body, cancellationToken);
            done.SetResult();
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
        foreach (var loop in _loops.GetConsumingEnumerable())
        {
            loop();
        }
    }
}
