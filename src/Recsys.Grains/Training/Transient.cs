using System.Diagnostics;
using System.Net.Sockets;
using Orleans.Runtime;
using Recsys.Engine;

namespace Recsys.Grains.Training;

/// <summary>Calls to grains whose silo may be gone: they are made again until they succeed or patience ends.</summary>
internal static class Transient
{
    private const int FirstDelay = 50;
    private const int LongestDelay = 1000;

    /// <summary>Whether an error may vanish when the call is repeated.</summary>
    public static bool Is(Exception error) => error is OrleansException or TimeoutException or IOException or SocketException
        or ObjectDisposedException or OperationCanceledException or EnumerationAbortedException
        || (error is AggregateException { InnerException: { } inner } && Is(inner));

    /// <summary>Makes a call, again and again while its errors are transient.</summary>
    /// <exception cref="RecsysException">It failed for good: what cannot be reached for so long is named.</exception>
    public static async Task<T> CallAsync<T>(Func<Task<T>> call, TimeSpan patience, string what, CancellationToken cancellationToken)
    {
        long start = Stopwatch.GetTimestamp();
        int delay = FirstDelay;
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            try
            {
                return await call().WaitAsync(cancellationToken).ConfigureAwait(false);
            }
            catch (Exception e) when (Is(e) && !cancellationToken.IsCancellationRequested)
            {
                if (Stopwatch.GetElapsedTime(start) > patience)
                {
                    throw new RecsysException($"{what} cannot be reached for {patience.TotalSeconds:F0} s: {e.Message.ReplaceLineEndings(" ")}", e);
                }

                TrainingMeter.Repeated.Add(1);
                await Task.Delay(delay, cancellationToken).ConfigureAwait(false);
                delay = Math.Min(2 * delay, LongestDelay);
            }
        }
    }
}
