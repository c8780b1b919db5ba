namespace Recsys.Grains.Serving;

/// <summary>What a silo serves.</summary>
/// <param name="Silo">Which one.</param>
/// <param name="Default">The model that answers when none is named; null where none is active.</param>
/// <param name="Active">Version of each model that answers.</param>
/// <param name="Partitioned">Models among them that are served in partitions.</param>
/// <param name="Bytes">Bytes of the models held here.</param>
/// <param name="Items">Items of the default model.</param>
/// <param name="Revision">What it follows.</param>
[GenerateSerializer, Immutable, Alias("recsys.serving-silo")]
public sealed record ServingSiloStatus(
    [property: Id(0)] string Silo,
    [property: Id(1)] string? Default,
    [property: Id(2)] Dictionary<string, string> Active,
    [property: Id(3)] string[] Partitioned,
    [property: Id(4)] long Bytes,
    [property: Id(5)] int Items,
    [property: Id(6)] ServingRevision Revision);
