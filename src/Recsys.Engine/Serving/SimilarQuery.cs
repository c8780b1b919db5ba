namespace Recsys.Engine.Serving;

/// <summary>A request for the neighbourhood of an item.</summary>
/// <param name="Item">Its id.</param>
public sealed record SimilarQuery(string Item)
{
    /// <summary>How many items.</summary>
    public int Count { get; init; } = 20;

    /// <summary>Whether to return what suppresses the item instead of what is like it.</summary>
    public bool Opposite { get; init; }

    /// <summary>Which of the live models; null for the default one.</summary>
    public string? Model { get; init; }
}
