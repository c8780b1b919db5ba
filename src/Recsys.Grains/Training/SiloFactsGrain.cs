using Recsys.Grains.Placement;

namespace Recsys.Grains.Training;

/// <inheritdoc cref="ISiloFactsGrain"/>
[SpreadPlacement]
internal sealed class SiloFactsGrain(TrainingSite site) : Grain, ISiloFactsGrain
{
    public Task<SiloFacts> GetAsync() => Task.FromResult(new SiloFacts(site.Silo, site.Options.VectorBits));
}
