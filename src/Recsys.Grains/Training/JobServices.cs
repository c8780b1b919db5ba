using System.Numerics;
using Orleans.Runtime;
using Recsys.Engine.Als;
using Recsys.Engine.Storage;

namespace Recsys.Grains.Training;

/// <summary>What a job needs of the silo its coordinator is on.</summary>
internal sealed class JobServices(
    IGrainFactory grains, IBlobStore store, ISiloStatusOracle silos, RecsysTrainingOptions options, TrainingHooks hooks)
{
    private const int PartitionsPerSilo = 4;

    public IGrainFactory Grains => grains;

    public IBlobStore Store => store;

    public RecsysTrainingOptions Options => options;

    public TrainingHooks Hooks => hooks;

    /// <summary>Partitions a side where the request names none: some for every silo there is, and for some that may come.</summary>
    public int DefaultPartitions => (int)Math.Clamp(
        BitOperations.RoundUpToPowerOf2((uint)(PartitionsPerSilo * ActiveSilos().Count)), 8, VirtualBlocks.Count);

    /// <summary>The silos there are, in an order all agree on.</summary>
    public IReadOnlyList<SiloAddress> ActiveSilos() =>
        [.. silos.GetApproximateSiloStatuses(onlyActive: true).Keys.Order()];
}
