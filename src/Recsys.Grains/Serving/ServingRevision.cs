namespace Recsys.Grains.Serving;

/// <summary>What silos ask for again and again: whether there is something new.</summary>
/// <param name="Models">Revision of the choice of active models.</param>
/// <param name="Items">Number of the last change of items.</param>
[GenerateSerializer, Immutable, Alias("recsys.serving-revision")]
public readonly record struct ServingRevision([property: Id(0)] long Models, [property: Id(1)] long Items);
