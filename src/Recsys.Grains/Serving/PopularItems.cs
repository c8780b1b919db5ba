using Recsys.Engine.Online.Partitioned;

namespace Recsys.Grains.Serving;

/// <summary>Popular items of a partition, and what all its items amount to, scaled to the same landmark.</summary>
/// <param name="Items">The items, the most popular first.</param>
/// <param name="TotalMass">Mass of all items of the partition.</param>
/// <param name="Landmark">What masses are scaled to.</param>
/// <param name="Known">Items of the partition.</param>
[GenerateSerializer, Immutable, Alias("recsys.popular")]
public sealed record PopularItems(
    [property: Id(0)] ItemStatistics[] Items, [property: Id(1)] double TotalMass, [property: Id(2)] long Landmark, [property: Id(3)] int Known);
