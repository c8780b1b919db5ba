using Recsys.Engine.Serving;

namespace Recsys.Grains.Training;

/// <summary>A training at one moment.</summary>
[GenerateSerializer]
[Alias("recsys.training-status")]
[Immutable]
public sealed record ClusterTrainingStatus
{
    /// <summary>The training's id.</summary>
    [Id(0)]
    public required string Id { get; init; }

    /// <summary>What is trained.</summary>
    [Id(1)]
    public required ClusterTrainingRequest Request { get; init; }

    /// <summary>Grows with each change.</summary>
    [Id(2)]
    public long Revision { get; init; }

    /// <summary>Where it stands.</summary>
    [Id(3)]
    public TrainingState State { get; init; }

    /// <summary>When it was asked for.</summary>
    [Id(4)]
    public DateTimeOffset Started { get; init; }

    /// <summary>What is being done: "iteration", "gram", "inverse", "model", …</summary>
    [Id(5)]
    public string Stage { get; init; } = "";

    /// <summary>Units of the stage that are done.</summary>
    [Id(6)]
    public long Done { get; init; }

    /// <summary>Units of the stage in all.</summary>
    [Id(7)]
    public long Total { get; init; }

    /// <summary>Training loss by iteration so far; empty for EASE.</summary>
    [Id(8)]
    public IReadOnlyList<double> Losses { get; init; } = [];

    /// <summary>Seconds since it was asked for, or that it took.</summary>
    [Id(9)]
    public double Seconds { get; init; }

    /// <summary>Version of the trained model, once it is there.</summary>
    [Id(10)]
    public string? Version { get; init; }

    /// <summary>One line, where it failed.</summary>
    [Id(11)]
    public string? Error { get; init; }

    /// <summary>The phases that are done, oldest first; of a long training the latest.</summary>
    [Id(12)]
    public IReadOnlyList<TrainingPhaseReport> Phases { get; init; } = [];

    /// <summary>How often a coordinator took it up: 1 unless one was lost.</summary>
    [Id(13)]
    public int Coordinators { get; init; }

    /// <summary>Whether nothing more will change.</summary>
    public bool Ended => State is TrainingState.Succeeded or TrainingState.Failed or TrainingState.Cancelled;
}
