using System.Collections.Concurrent;

namespace Recsys.Engine.Compute;

/// <summary>
/// Work for a <see cref="ComputePool"/> from callers that must not wait on a thread: one piece runs at a time, in the order
/// of arrival, on a thread of its own and the threads of the pool. However many callers there are, no more threads compute.
/// </summary>
public sealed class ComputeQueue : IDisposable
{
    private readonly BlockingCollection<Action> _work = new();
    private readonly Thread _thread;

    /// <summary>Starts a pool of <paramref name="threads"/> (0: one per processor) and the thread that feeds it.</summary>
    public ComputeQueue(int threads = 0)
    {
        Pool = new ComputePool(threads);
        _thread = new Thread(Work) { IsBackground = true, Name = "recsys-compute-0" };
        _thread.Start();
    }

    /// <summary>The threads. Work of this queue may use them; nobody else should.</summary>
    public ComputePool Pool { get; }

    /// <summary>Pieces that wait.</summary>
    public int Waiting => _work.Count;

    /// <summary>Runs <paramref name="work"/> when its turn comes. It is not started once the token is cancelled.</summary>
    public Task<T> RunAsync<T>(Func<T> work, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(work);
        var done = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        try
        {
            _work.Add(
                () =>
                {
                    try
                    {
                        cancellationToken.ThrowIfCancellationRequested();
                        done.SetResult(work());
                    }
                    catch (OperationCanceledException e)
                    {
                        done.TrySetCanceled(e.CancellationToken);
                    }
                    catch (Exception e)
                    {
                        done.TrySetException(e);
                    }
                },
                CancellationToken.None);
        }
        catch (InvalidOperationException e)
        {
            throw new ObjectDisposedException(nameof(ComputeQueue), e);
        }

        return done.Task;
    }

    /// <summary>Finishes what is queued and ends the threads.</summary>
    public void Dispose()
    {
        if (!_work.IsAddingCompleted)
        {
            _work.CompleteAdding();
            _thread.Join();
            Pool.Dispose();
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
