using Recsys.Engine.Als;

namespace Recsys.Grains.Training;

/// <summary>A step of a partition of ALS.</summary>
/// <param name="Kind">What to do.</param>
/// <param name="Phase">The half-epoch; without meaning for <see cref="FactorStepKind.Open"/> and <see cref="FactorStepKind.Begin"/>.</param>
/// <param name="Attempt">The attempt it belongs to (<see cref="IStoredFactorPartition.BeginAsync"/>), where it changes factors.</param>
/// <param name="Store">Whether what is solved is to be stored (<see cref="HalfEpoch.Store"/>).</param>
/// <param name="Checkpoint">The last position whose factors are all stored.</param>
[GenerateSerializer]
[Alias("recsys.factor-step")]
[Immutable]
public sealed record FactorStep(
    [property: Id(0)] FactorStepKind Kind,
    [property: Id(1)] int Phase,
    [property: Id(4)] long Attempt = 0,
    [property: Id(2)] bool Store = false,
    [property: Id(3)] int Checkpoint = 0);
