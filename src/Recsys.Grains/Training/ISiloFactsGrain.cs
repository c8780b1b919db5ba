namespace Recsys.Grains.Training;

/// <summary>Tells what the silo it is in is like. Key: as of a partition; the coordinator names the silo when it calls.</summary>
[Alias("recsys.silo-facts-grain")]
internal interface ISiloFactsGrain : IGrainWithStringKey
{
    [Alias("get")]
    Task<SiloFacts> GetAsync();
}
