using Recsys.Engine.Compute;

namespace Recsys.Engine.Evaluation;

/// <summary>Counts finished units from any thread and reports every so many of them, in rising order.</summary>
internal sealed class ProgressCounter(IProgress<TrainingProgress>? progress, string phase, int total, int step)
{
    private readonly Lock _gate = new();
    private int _done;
    private int _reported;

    public void Add()
    {
        int done = Interlocked.Increment(ref _done);
        if (progress is null || (done % step != 0 && done != total))
        {
            return;
        }

        lock (_gate)
        {
            if (done > _reported)
            {
                _reported = done;
                progress.Report(new TrainingProgress(phase, done, total));
            }
        }
    }
}
