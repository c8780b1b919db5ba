using System.Diagnostics;
using Recsys.Engine.Serving;

namespace Recsys.Cli.Load;

/// <summary>
/// Load of asynchronous calls. Open loop: call k is due at start + k / rate whether or not earlier ones are answered,
/// and its latency is counted from when it was due, so that a stall of what is measured is not hidden by a client that
/// waits (coordinated omission). Closed loop: as many calls as are answered by a number of callers that wait.
/// </summary>
internal static class LoadLoop
{
    /// <summary>Calls under way at which the open loop gives up adding: what is measured has collapsed.</summary>
    private const int MostOutstanding = 100_000;

    /// <summary>Makes <paramref name="rate"/> calls a second for some seconds and waits for the answers.</summary>
    /// <param name="rate">Calls a second.</param>
    /// <param name="seconds">For how long.</param>
    /// <param name="call">Makes call k; true where the answer is good.</param>
    /// <param name="cancellationToken">Ends it early.</param>
    public static Task<LoadResult> OpenAsync(double rate, double seconds, Func<long, Task<bool>> call, CancellationToken cancellationToken) =>
        Task.Factory.StartNew(() => Open(rate, seconds, call, cancellationToken), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default).Unwrap();

    /// <summary>A number of callers, each of which calls again as soon as it has its answer.</summary>
    public static async Task<LoadResult> ClosedAsync(int callers, double seconds, Func<long, Task<bool>> call, CancellationToken cancellationToken)
    {
        var latency = new LatencyHistogram();
        long next = 0, failed = 0;
        long began = Stopwatch.GetTimestamp();
        long end = began + (long)(seconds * Stopwatch.Frequency);
        await Task.WhenAll(Enumerable.Range(0, callers).Select(_ => Task.Run(CallAsync, CancellationToken.None))).ConfigureAwait(false);
        return new LoadResult(latency.Count / Stopwatch.GetElapsedTime(began).TotalSeconds, latency, failed, 0);

        async Task CallAsync()
        {
            while (Stopwatch.GetTimestamp() is var now && now < end && !cancellationToken.IsCancellationRequested)
            {
                if (await call(Interlocked.Increment(ref next) - 1).ConfigureAwait(false))
                {
                    latency.Add((long)Stopwatch.GetElapsedTime(now).TotalMicroseconds);
                }
                else
                {
                    Interlocked.Increment(ref failed);
                }
            }
        }
    }

    private static async Task<LoadResult> Open(double rate, double seconds, Func<long, Task<bool>> call, CancellationToken cancellationToken)
    {
        PreciseWait.Prepare();
        var latency = new LatencyHistogram();
        long failed = 0, late = 0;
        int outstanding = 1;
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        long began = Stopwatch.GetTimestamp() + (Stopwatch.Frequency / 20);
        long end = began + (long)(seconds * Stopwatch.Frequency);
        for (long k = 0; !cancellationToken.IsCancellationRequested; k++)
        {
            long due = began + (long)(k / rate * Stopwatch.Frequency);
            if (due >= end)
            {
                break;
            }

            if (!PreciseWait.Until(due))
            {
                late++;
            }

            if (Volatile.Read(ref outstanding) > MostOutstanding)
            {
                Interlocked.Increment(ref failed);
                continue;
            }

            Interlocked.Increment(ref outstanding);
            _ = CallAsync(k, due);
        }

        Release();
        await done.Task.ConfigureAwait(false);
        return new LoadResult(latency.Count / seconds, latency, failed, late) { Sustained = latency.Count / Math.Max(seconds, Stopwatch.GetElapsedTime(began).TotalSeconds) };

        async Task CallAsync(long k, long due)
        {
            bool good = false;
            try
            {
                good = await call(k).ConfigureAwait(false);
            }
            finally
            {
                if (good)
                {
                    latency.Add((long)Stopwatch.GetElapsedTime(due).TotalMicroseconds);
                }
                else
                {
                    Interlocked.Increment(ref failed);
                }

                Release();
            }
        }

        void Release()
        {
            if (Interlocked.Decrement(ref outstanding) == 0)
            {
                done.SetResult();
            }
        }
    }
}
