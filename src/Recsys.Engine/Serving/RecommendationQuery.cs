namespace Recsys.Engine.Serving;

/// <summary>
/// A request for recommendations: for <see cref="User"/>, or for the history <see cref="History"/>; without either, for
/// anyone: popular items.
/// </summary>
public sealed record RecommendationQuery
{
    /// <summary>The user's id; null for a history.</summary>
    public string? User { get; init; }

    /// <summary>A history instead of a user; items that are unknown are ignored.</summary>
    public IReadOnlyList<HistoryItem>? History { get; init; }

    /// <summary>How many items.</summary>
    public int Count { get; init; } = 20;

    /// <summary>How many of the best are passed over first (the next page).</summary>
    public int Offset { get; init; }

    /// <summary>Where not empty, only items of at least one of these categories.</summary>
    public IReadOnlyList<string> Categories { get; init; } = [];

    /// <summary>Items never to return.</summary>
    public IReadOnlyList<string> Exclude { get; init; } = [];

    /// <summary>Where set, only these items.</summary>
    public IReadOnlyList<string>? Allow { get; init; }

    /// <summary>Whether items of the history may be returned.</summary>
    public bool KeepSeen { get; init; }

    /// <summary>Which of the live models; null for the default one.</summary>
    public string? Model { get; init; }

    /// <summary>Whether to say why.</summary>
    public bool Explain { get; init; }

    /// <summary>How many reasons an item gets at most, the strongest first.</summary>
    public int Reasons { get; init; } = 10;
}
