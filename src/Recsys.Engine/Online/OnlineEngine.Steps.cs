namespace Recsys.Engine.Online;

public sealed partial class OnlineEngine
{
    private static readonly TimeSpan QuietPause = TimeSpan.FromSeconds(1);

    /// <summary>
    /// Waits until something behind a position is applied, at most so long. Where nothing happens one waits here instead of
    /// looking again and again: a silo at rest has many engines.
    /// </summary>
    internal async Task WaitAdvancedAsync(long position, TimeSpan atMost, CancellationToken cancellationToken)
    {
        var advanced = Volatile.Read(ref _advanced).Task;
        if (Applied > position)
        {
            return;
        }

        await advanced.WaitAsync(atMost, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        cancellationToken.ThrowIfCancellationRequested();
    }

    /// <summary>Has EASE take the steps for what is applied so far, now.</summary>
    private Task FlushEaseAsync(CancellationToken cancellationToken) =>
        _state.Ease is { } ease ? Task.Run(() => ease.Flush(cancellationToken), cancellationToken) : Task.CompletedTask;

    private async Task StepAsync()
    {
        var ease = _state.Ease!;
        long checkedAt = 0;
        long since = Environment.TickCount64;
        int delay = Math.Max(1, (int)Math.Min(20, _options.EaseStepDelay.TotalMilliseconds / 2));
        try
        {
            while (true)
            {
                await Task.Delay(delay, _stopping.Token).ConfigureAwait(false);
                long position = Applied;
                int pending = ease.Pending;
                if (pending >= _options.EaseStepUsers || (pending > 0 && Environment.TickCount64 - since >= _options.EaseStepDelay.TotalMilliseconds))
                {
                    ease.Flush(_stopping.Token);
                    since = Environment.TickCount64;
                }

                if (_options.EaseDriftSteps > 0 && ease.Steps - checkedAt >= _options.EaseDriftSteps)
                {
                    checkedAt = ease.Steps;
                    await ease.RepairIfDriftedAsync(_stopping.Token).ConfigureAwait(false);
                }

                if (pending == 0)
                {
                    await WaitAdvancedAsync(position, QuietPause, _stopping.Token).ConfigureAwait(false);
                    since = Environment.TickCount64;
                }
            }
        }
        catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
        {
            // Disposed: the rows are in the histories.
        }
        catch (Exception e)
        {
            Fail("EASE could not be updated", e);
        }
    }
}
