using Orleans.Placement;
using Orleans.Runtime;
using Orleans.Runtime.Placement;

namespace Recsys.Grains.Serving;

/// <summary>Partitions are dealt out to the silos by their number; they move when silos come (<see cref="PartitionBalancer"/>).</summary>
[AttributeUsage(AttributeTargets.Class)]
internal sealed class SpreadPlacementAttribute() : PlacementAttribute(SpreadPlacement.Instance);

/// <summary>The strategy of <see cref="SpreadPlacementAttribute"/>.</summary>
[GenerateSerializer, Immutable, SuppressReferenceTracking, Alias("recsys.spread-placement")]
internal sealed class SpreadPlacement : PlacementStrategy
{
    public static SpreadPlacement Instance { get; } = new();
}

/// <summary>Chooses the silo: the one that was named, or by the partition's number.</summary>
internal sealed class SpreadPlacementDirector : IPlacementDirector
{
    public Task<SiloAddress> OnAddActivation(PlacementStrategy strategy, PlacementTarget target, IPlacementContext context)
    {
        var silos = context.GetCompatibleSilos(target);
        if (IPlacementDirector.GetPlacementHint(target.RequestContextData!, silos) is { } named)
        {
            return Task.FromResult(named);
        }

        Array.Sort(silos);
        long partition = target.GrainIdentity.TryGetIntegerKey(out long key, out _) ? key : 0;
        return Task.FromResult(silos[(int)((ulong)partition % (ulong)silos.Length)]);
    }
}
