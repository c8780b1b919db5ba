namespace Recsys.Grains.Training;

/// <summary>What a finished phase took.</summary>
[GenerateSerializer]
[Alias("recsys.training-phase")]
[Immutable]
public sealed record TrainingPhaseReport
{
    /// <summary>"users", "items", "model"; of EASE "gram", "inverse", "exchange", "weights".</summary>
    [Id(0)]
    public required string Name { get; init; }

    /// <summary>Number of the half-epoch.</summary>
    [Id(1)]
    public int Phase { get; init; }

    /// <summary>Seconds.</summary>
    [Id(2)]
    public double Seconds { get; init; }

    /// <summary>Bytes of factors or panels that silos received from each other.</summary>
    [Id(3)]
    public long Received { get; init; }

    /// <summary>Bytes to be expected by the formula of docs/distributed.md, if no silo was lost.</summary>
    [Id(4)]
    public long Expected { get; init; }

    /// <summary>Partitions that each silo worked for.</summary>
    [Id(5)]
    public IReadOnlyDictionary<string, int> Silos { get; init; } = new Dictionary<string, int>();
}
