namespace Recsys.Engine.Ease.Distributed;

/// <content>The steps themselves, carried out beside the calls.</content>
public sealed partial class EasePartition
{
    // Never throws: how it ended is told by the report. What a step has reached and that it has ended are told at once: who
    // reads the one may start the next step.
    private async Task WorkAsync(EaseRun run, EasePart part, EaseStep step)
    {
        try
        {
            await WorkOnAsync(run, part, step).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            lock (_gate)
            {
                _failure = EaseFailure.Of(e);
                _running = null;
            }
        }
    }

    private async Task WorkOnAsync(EaseRun run, EasePart part, EaseStep step)
    {
        var stop = run.Stopped;
        switch (step.Phase)
        {
            case EasePhase.Gram:
                await part.GramAsync(stop).ConfigureAwait(false);
                Reach(EaseStage.Swept, 0);
                break;
            case EasePhase.Restore:
                await part.RestoreAsync(Store(), step.Pivots, stop).ConfigureAwait(false);
                Reach(EaseStage.Swept, step.Pivots);
                break;
            case EasePhase.Sweep:
                for (int pivot = _pivots; ; pivot++)
                {
                    await part.SweepAsync(pivot, stop).ConfigureAwait(false);
                    if (ReachPivot(pivot + 1))
                    {
                        break;
                    }
                }

                break;
            case EasePhase.Save:
                await SaveAsync(part, step, stop).ConfigureAwait(false);
                break;
            case EasePhase.Exchange:
                await part.ExchangeAsync(stop).ConfigureAwait(false);
                Reach(EaseStage.Exchanged, _pivots);
                break;
            default:
                await part.WeightsAsync(stop).ConfigureAwait(false);
                Reach(EaseStage.Finished, _pivots);
                break;
        }
    }

    private async Task SaveAsync(EasePart part, EaseStep step, CancellationToken stop)
    {
        // Until all have this one, the last one before it is the one all have.
        var store = Store();
        int last = _checkpoints.Where(c => c < step.Pivots).DefaultIfEmpty(0).Max();
        await store.DeleteAsync(_index, last, stop).ConfigureAwait(false);
        await part.SaveAsync(store, step.Pivots, stop).ConfigureAwait(false);
        lock (_gate)
        {
            _checkpoints = [.. _checkpoints.Where(c => c >= last && c != step.Pivots).Append(step.Pivots).Order()];
            _running = null;
        }
    }

    private EaseCheckpoints Store() =>
        _host.Checkpoints ?? throw new RecsysException($"EASE: the host of partition {_index} has nowhere to keep checkpoints");

    // Whether it was the last one that was asked for.
    private bool ReachPivot(int pivots)
    {
        lock (_gate)
        {
            _pivots = pivots;
            if (pivots < _target)
            {
                return false;
            }

            _running = null;
            return true;
        }
    }

    private void Reach(EaseStage stage, int pivots)
    {
        lock (_gate)
        {
            (_stage, _pivots, _running) = (stage, pivots, null);
        }
    }
}
