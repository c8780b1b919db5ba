namespace Recsys.Grains.Training;

/// <summary>A model to be trained by the cluster.</summary>
[GenerateSerializer]
[Alias("recsys.training-request")]
[Immutable]
public sealed record ClusterTrainingRequest
{
    /// <summary>Name of a data set in the blob store (<see cref="Engine.Als.ClusterDataset"/>).</summary>
    [Id(0)]
    public required string Dataset { get; init; }

    /// <summary>"als" or "ease".</summary>
    [Id(1)]
    public required string Algorithm { get; init; }

    /// <summary>The algorithm's options by their command-line names.</summary>
    [Id(2)]
    public IReadOnlyDictionary<string, string> Options { get; init; } = new Dictionary<string, string>();

    /// <summary>Name of the model; null: the algorithm's.</summary>
    [Id(3)]
    public string? Model { get; init; }

    /// <summary>Whether the trained version is to answer at once.</summary>
    [Id(4)]
    public bool Activate { get; init; } = true;

    /// <summary>What a submission is known by: made again, it is the job that it made before. Null: each makes one.</summary>
    [Id(5)]
    public string? Submission { get; init; }
}
