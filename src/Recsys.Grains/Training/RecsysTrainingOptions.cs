using Recsys.Engine.Als;
using Recsys.Engine.Compute;
using Recsys.Engine.Ease.Distributed;

namespace Recsys.Grains.Training;

/// <summary>How a silo takes part in trainings.</summary>
public sealed class RecsysTrainingOptions
{
    /// <summary>Threads that compute in this silo, for all trainings; 0: one per processor.</summary>
    public int Threads { get; set; }

    /// <summary>The width of vectors that this silo offers to trainings; a training takes the least of the silos there are when it begins.</summary>
    public int VectorBits { get; set; } = VectorWidth.Bits;

    /// <summary>How often the status of a training that runs is written down, at most; that of one that ends always is.</summary>
    public TimeSpan StatusEvery { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>How long a call about a step waits for its end before it says that the step is under way.</summary>
    public TimeSpan StepWait { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>How long a partition that cannot be reached is tried again before the training fails.</summary>
    public TimeSpan Patience { get; set; } = TimeSpan.FromMinutes(3);

    /// <summary>How often a training whose coordinator is lost is looked for. Orleans accepts no less than a minute unless told otherwise.</summary>
    public TimeSpan ReminderPeriod { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>How long a partition hears nothing before it asks after its coordinator.</summary>
    public TimeSpan CoordinatorSilence { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>How often trainings of ALS store their factors, besides at their end and when partitions move.</summary>
    public AlsCheckpointRule Als { get; set; } = new();

    /// <summary>How trainings of EASE deal with losses: how often they write checkpoints, how often they start anew.</summary>
    public EaseRunOptions Ease { get; set; } = new() { Checkpoints = true };
}
