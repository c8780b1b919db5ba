using Recsys.Engine.Ease.Distributed;

namespace Recsys.Grains.Training;

/// <summary>Lets a test act at an exact point of a training, e.g. end a silo in the middle of a step.</summary>
internal class TrainingHooks
{
    /// <summary>Called when a partition begins a step.</summary>
    public virtual Task StepAsync(PartitionKey partition, FactorStepKind kind, int phase) => Task.CompletedTask;

    /// <summary>Called when a partition is asked for its rows as they are to be the fixed ones of a half-epoch.</summary>
    public virtual Task RowsAsync(PartitionKey partition, int phase) => Task.CompletedTask;

    /// <summary>Called when a partition of EASE is told to begin a step.</summary>
    public virtual Task EaseStepAsync(PartitionKey partition, EaseStep step) => Task.CompletedTask;

    /// <summary>Called when a coordinator has reached a half-epoch or stage.</summary>
    public virtual Task ReachedAsync(string training, string stage, long number) => Task.CompletedTask;
}
