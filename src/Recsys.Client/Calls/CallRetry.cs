using System.Diagnostics;
using Orleans.Runtime;
using Orleans.Runtime.Messaging;

namespace Recsys.Client.Calls;

/// <summary>
/// Repeats calls that failed because a silo went away or a grain moved: another attempt finds where it is now. Only for
/// calls that may be repeated.
/// </summary>
/// <param name="patience">How long a call is repeated.</param>
/// <param name="readTimeout">How long an answer to a question is waited for.</param>
/// <param name="mostQuestions">Questions under way at once; others wait their turn, and the wait for an answer begins with it.</param>
internal sealed class CallRetry(TimeSpan patience, TimeSpan readTimeout, int mostQuestions)
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(1);
    private readonly SemaphoreSlim _places = new(mostQuestions);
    private long _repeated;

    /// <summary>How many attempts failed and were repeated.</summary>
    public long Repeated => Volatile.Read(ref _repeated);

    /// <summary>As <see cref="RunAsync"/> for a question, which is asked again when no answer comes soon.</summary>
    public ValueTask<T> AskAsync<T, TState>(
        Func<TState, CancellationToken, ValueTask<T>> call, TState state, CancellationToken cancellationToken) => RunAsync(
        static (s, token) => s.retry.AskOnceAsync(s.call, s.state, token), (retry: this, call, state), cancellationToken);

    public async ValueTask<T> RunAsync<T, TState>(
        Func<TState, CancellationToken, ValueTask<T>> call, TState state, CancellationToken cancellationToken)
    {
        long began = Stopwatch.GetTimestamp();
        var pause = FirstPause;
        while (true)
        {
            try
            {
                return await call(state, cancellationToken).ConfigureAwait(false);
            }
            catch (Exception e) when (IsTransient(e) && Stopwatch.GetElapsedTime(began) + pause < patience)
            {
                Interlocked.Increment(ref _repeated);
            }

            await Task.Delay(pause * (0.5 + Random.Shared.NextDouble()), cancellationToken).ConfigureAwait(false);
            pause = pause * 2 < LongestPause ? pause * 2 : LongestPause;
        }
    }

    private async ValueTask<T> AskOnceAsync<T, TState>(
        Func<TState, CancellationToken, ValueTask<T>> call, TState state, CancellationToken cancellationToken)
    {
        int longest = (int)Math.Clamp(patience.TotalMilliseconds, 0, int.MaxValue);
        if (!await _places.WaitAsync(longest, cancellationToken).ConfigureAwait(false))
        {
            throw new TimeoutException($"{mostQuestions} questions are under way, and the turn of this one did not come for {patience.TotalSeconds:F0} s");
        }

        try
        {
            return await call(state, cancellationToken).AsTask().WaitAsync(readTimeout, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            _places.Release();
        }
    }

    /// <summary>
    /// Whether the cluster was not able to answer just now, rather than answering that it will not. Orleans says the former by exceptions of its own; some,
    /// as a directory that has not settled after a silo was lost, by nothing more particular than <see cref="OrleansException"/>.
    /// </summary>
    public static bool IsTransient(Exception error) => error is OrleansException
        or ConnectionFailedException or TimeoutException or Engine.Storage.JournalTakenException;
}
