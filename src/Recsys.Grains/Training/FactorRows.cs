using Recsys.Engine.Als;

namespace Recsys.Grains.Training;

/// <summary>Rows of factors, and the silo they come from; no rows where the partition is behind (<see cref="PartitionBehindException"/>).</summary>
[GenerateSerializer]
[Alias("recsys.factor-rows")]
[Immutable]
public sealed record FactorRows([property: Id(0)] FactorBlock? Rows, [property: Id(1)] string Silo);
