namespace Recsys.Engine.Compute;

/// <summary>Passes reports on with a prefix to their phase: which of several trainings they are of.</summary>
internal sealed class PhaseProgress(IProgress<TrainingProgress> inner, string prefix) : IProgress<TrainingProgress>
{
    public void Report(TrainingProgress value) => inner.Report(value with { Phase = prefix + value.Phase });
}
