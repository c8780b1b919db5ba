using System.Numerics;
using Microsoft.Extensions.Logging;
using Orleans.Runtime;
using Orleans.Runtime.Placement;
using Recsys.Engine.Als;
using Recsys.Engine.Storage;

namespace Recsys.Grains.Training;

/// <summary>What a job needs of the silo its coordinator is on.</summary>
internal sealed class JobServices(
    IGrainFactory grains, TrainingSite site, ISiloStatusOracle silos, TrainingHooks hooks, ILogger<JobServices> logger)
{
    private const int PartitionsPerSilo = 4;

    public IGrainFactory Grains => grains;

    /// <summary>The silo.</summary>
    public string SiloName => site.SiloName;

    /// <summary>What its partitions share.</summary>
    public TrainingSite Site => site;

    public IBlobStore Store => site.Store;

    public RecsysTrainingOptions Options => site.Options;

    public TrainingHooks Hooks => hooks;

    /// <summary>Silos there are.</summary>
    public int Silos => ActiveSilos().Count;

    /// <summary>Partitions a side where the request names none: some for every silo there is, and for some that may come.</summary>
    public int DefaultPartitions => (int)Math.Clamp(
        BitOperations.RoundUpToPowerOf2((uint)(PartitionsPerSilo * Silos)), 8, VirtualBlocks.Count);

    /// <summary>
    /// The width that every silo there is computes in at full speed. One that comes later and is narrower computes in it too,
    /// with the same bits, but slowly.
    /// </summary>
    public async Task<int> CommonVectorBitsAsync(CancellationToken cancellationToken)
    {
        var facts = await Task.WhenAll(ActiveSilos().Select(s => FactsAsync(s, cancellationToken))).ConfigureAwait(false);
        int least = facts.Append(null).Min(f => f?.VectorBits ?? site.Options.VectorBits);
        if (facts.Any(f => f is not null && f.VectorBits > least))
        {
            logger.LogInformation(
                "Vectors of {Least} bits, which all silos have, are computed with: {Silos}",
                least,
                string.Join(", ", facts.Select(f => f is null ? "?" : $"{f.Silo.Endpoint} {f.VectorBits}")));
        }

        return least;
    }

    /// <summary>What a silo is like; null where it cannot be asked (it leaves, or has another version).</summary>
    private async Task<SiloFacts?> FactsAsync(SiloAddress silo, CancellationToken cancellationToken)
    {
        RequestContext.Set(IPlacementDirector.PlacementHintKey, silo);
        try
        {
            var grain = grains.GetGrain<ISiloFactsGrain>(new PartitionKey(silo.ToParsableString(), "silo", 0).ToString());
            var facts = await grain.GetAsync().WaitAsync(cancellationToken).ConfigureAwait(false);
            return facts.Silo.Equals(silo) ? facts : null;
        }
        catch (Exception e) when (e is OrleansException or TimeoutException)
        {
            return null;
        }
        finally
        {
            RequestContext.Remove(IPlacementDirector.PlacementHintKey);
        }
    }

    /// <summary>The silos there are, this one first: where one partition is all, it is where the model is made.</summary>
    public IReadOnlyList<SiloAddress> ActiveSilos() =>
        [.. silos.GetApproximateSiloStatuses(onlyActive: true).Keys.OrderBy(s => !s.Equals(site.Silo)).ThenBy(s => s)];
}
