using Recsys.Engine.Compute;

namespace Recsys.Engine.Serving;

/// <summary>A training job at one moment.</summary>
/// <param name="Id">The job's id.</param>
/// <param name="Request">What is trained.</param>
/// <param name="Revision">Grows with each change.</param>
/// <param name="State">Where it stands.</param>
/// <param name="Started">When it was asked for.</param>
public sealed record TrainingStatus(string Id, TrainingRequest Request, long Revision, TrainingState State, DateTimeOffset Started)
{
    /// <summary>The latest report of the trainer.</summary>
    public TrainingProgress? Progress { get; init; }

    /// <summary>Training loss by iteration so far; empty for closed-form models.</summary>
    public IReadOnlyList<double> Losses { get; init; } = [];

    /// <summary>Seconds since it began to run, or that it ran.</summary>
    public double Seconds { get; init; }

    /// <summary>Version of the trained model, once it is there.</summary>
    public string? Version { get; init; }

    /// <summary>One line, where it failed.</summary>
    public string? Error { get; init; }

    /// <summary>Whether nothing more will change.</summary>
    public bool Ended => State is TrainingState.Succeeded or TrainingState.Failed or TrainingState.Cancelled;
}
