using Orleans.Runtime;

namespace Recsys.Grains.Placement;

/// <summary>The strategy of <see cref="SpreadPlacementAttribute"/>.</summary>
[GenerateSerializer, Immutable, SuppressReferenceTracking, Alias("recsys.spread-placement")]
internal sealed class SpreadPlacement : PlacementStrategy
{
    public static SpreadPlacement Instance { get; } = new();
}
