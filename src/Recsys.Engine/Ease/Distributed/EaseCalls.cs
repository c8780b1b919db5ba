namespace Recsys.Engine.Ease.Distributed;

/// <summary>Calls between processes, which may fail to arrive, or whose answers may: repeated until one comes.</summary>
internal static class EaseCalls
{
    private const int Tries = 16;
    private const int FirstPause = 5;

    /// <summary>Longest time a partition is asked to hold back an answer.</summary>
    public const int WaitMilliseconds = 250;

    /// <summary>Makes a call up to 16 times over about four seconds.</summary>
    /// <exception cref="PartitionUnreachableException">No answer came.</exception>
    /// <exception cref="RecsysException">The answer is that error.</exception>
    public static async Task<T> MakeAsync<T>(Func<CancellationToken, Task<T>> call, string what, CancellationToken cancellationToken)
    {
        for (int attempt = 1; ; attempt++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            try
            {
                return await call(cancellationToken).WaitAsync(cancellationToken).ConfigureAwait(false);
            }
            catch (RecsysException)
            {
                throw;
            }
            catch (Exception e) when (!cancellationToken.IsCancellationRequested)
            {
                if (attempt == Tries)
                {
                    throw new PartitionUnreachableException($"EASE: {what} failed {Tries} times: {e.Message}", e);
                }

                await Task.Delay(FirstPause << Math.Min(attempt, 6), cancellationToken).ConfigureAwait(false);
            }
        }
    }

    /// <summary>Asks another partition for something until it has it. An error it answers means that it has gone another way.</summary>
    /// <exception cref="PartitionUnreachableException">It does not answer, or will never have it.</exception>
    public static async Task<T> FetchAsync<T>(Func<CancellationToken, ValueTask<T?>> call, string what, CancellationToken cancellationToken)
        where T : class
    {
        while (true)
        {
            try
            {
                if (await MakeAsync(ct => call(ct).AsTask(), what, cancellationToken).ConfigureAwait(false) is { } result)
                {
                    return result;
                }
            }
            catch (RecsysException e) when (e is not PartitionUnreachableException)
            {
                throw new PartitionUnreachableException(e.Message, e);
            }
        }
    }
}
