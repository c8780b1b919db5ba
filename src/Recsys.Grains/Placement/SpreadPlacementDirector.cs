using Orleans.Runtime;
using Orleans.Runtime.Placement;
using Recsys.Grains.Training;

namespace Recsys.Grains.Placement;

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
        return Task.FromResult(silos[(int)(NumberOf(target.GrainIdentity) % (ulong)silos.Length)]);
    }

    /// <summary>The partition's number: the end of a training's key, or the key itself.</summary>
    private static ulong NumberOf(GrainId grain)
    {
        string key = grain.Key.ToString()!;
        return key.Contains('/', StringComparison.Ordinal) ? (ulong)PartitionKey.Parse(key).Index
            : grain.TryGetIntegerKey(out long number, out _) ? (ulong)number : 0;
    }
}
