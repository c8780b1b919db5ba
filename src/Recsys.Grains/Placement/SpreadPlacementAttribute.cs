using Orleans.Placement;

namespace Recsys.Grains.Placement;

/// <summary>
/// Partitions are dealt out to the silos by their number, so that each has its share; who calls may name the silo, and does
/// when silos come or go.
/// </summary>
[AttributeUsage(AttributeTargets.Class)]
internal sealed class SpreadPlacementAttribute() : PlacementAttribute(SpreadPlacement.Instance);
