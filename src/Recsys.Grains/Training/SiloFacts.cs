using Orleans.Runtime;

namespace Recsys.Grains.Training;

/// <summary>What a training has to know of a silo.</summary>
[GenerateSerializer]
[Alias("recsys.silo-facts")]
[Immutable]
internal sealed record SiloFacts([property: Id(0)] SiloAddress Silo, [property: Id(1)] int VectorBits);
