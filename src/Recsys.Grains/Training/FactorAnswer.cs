using Recsys.Engine.Als;

namespace Recsys.Grains.Training;

/// <summary>How a step of a partition stands.</summary>
[GenerateSerializer]
[Alias("recsys.factor-answer")]
[Immutable]
public sealed record FactorAnswer
{
    /// <summary>Whether the step is done; otherwise it is under way: ask again.</summary>
    [Id(0)]
    public bool Done { get; init; }

    /// <summary>The silo that worked.</summary>
    [Id(1)]
    public string Silo { get; init; } = "";

    /// <summary>Bytes of factors that silo has received from others for this half-epoch, for all its partitions.</summary>
    [Id(2)]
    public long Received { get; init; }

    /// <summary>The result of <see cref="FactorStepKind.Solve"/>.</summary>
    [Id(3)]
    public HalfEpochReport? Report { get; init; }

    /// <summary>The result of <see cref="FactorStepKind.Gram"/>.</summary>
    [Id(4)]
    public IReadOnlyList<GramPart>? Grams { get; init; }

    /// <summary>Why the step cannot be done before the training goes back (<see cref="PartitionBehindException"/>); null: it can.</summary>
    [Id(5)]
    public string? Behind { get; init; }

    /// <summary>Rows of each block of the other side that that silo needs for all its partitions; <see cref="FactorStepKind.Solve"/> only.</summary>
    [Id(6)]
    public IReadOnlyList<int> Needed { get; init; } = [];
}
