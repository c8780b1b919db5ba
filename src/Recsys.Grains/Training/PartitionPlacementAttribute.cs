using Orleans.Placement;
using Orleans.Runtime;
using Orleans.Runtime.Placement;

namespace Recsys.Grains.Training;

/// <summary>
/// Partitions of a training are dealt out to the silos by their number, so that each has its share; the coordinator may
/// name the silo, and does when silos come or go.
/// </summary>
[AttributeUsage(AttributeTargets.Class)]
internal sealed class PartitionPlacementAttribute() : PlacementAttribute(PartitionPlacement.Instance);

/// <summary>The strategy of <see cref="PartitionPlacementAttribute"/>.</summary>
[Serializable]
[GenerateSerializer]
[Immutable]
[SuppressReferenceTracking]
[Alias("recsys.partition-placement")]
internal sealed class PartitionPlacement : PlacementStrategy
{
    public static PartitionPlacement Instance { get; } = new();
}

/// <summary>Chooses the silo.</summary>
internal sealed class PartitionPlacementDirector : IPlacementDirector
{
    public Task<SiloAddress> OnAddActivation(PlacementStrategy strategy, PlacementTarget target, IPlacementContext context)
    {
        var silos = context.GetCompatibleSilos(target);
        if (IPlacementDirector.GetPlacementHint(target.RequestContextData!, silos) is { } named)
        {
            return Task.FromResult(named);
        }

        Array.Sort(silos);
        return Task.FromResult(silos[PartitionKey.Parse(target.GrainIdentity.Key.ToString()!).Index % silos.Length]);
    }
}
