namespace Recsys.Grains.Serving;

/// <summary>What a client has to know of a cluster.</summary>
/// <param name="EventPartitions">Partitions of the users.</param>
/// <param name="ItemPartitions">Partitions of the items.</param>
/// <param name="Kinds">The kinds of events that are accepted.</param>
[GenerateSerializer, Immutable, Alias("recsys.serving-settings")]
public sealed record ServingSettings(
    [property: Id(0)] int EventPartitions, [property: Id(1)] int ItemPartitions, [property: Id(2)] string[] Kinds);
