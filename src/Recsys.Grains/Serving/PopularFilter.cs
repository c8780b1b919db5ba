namespace Recsys.Grains.Serving;

/// <summary>Which popular items may be returned.</summary>
/// <param name="Categories">Where not empty, only items of one of these.</param>
/// <param name="Exclude">Items never to return.</param>
/// <param name="Allow">Where set, only these.</param>
[GenerateSerializer, Immutable, Alias("recsys.popular-filter")]
public sealed record PopularFilter(
    [property: Id(0)] string[] Categories, [property: Id(1)] string[] Exclude, [property: Id(2)] string[]? Allow);
