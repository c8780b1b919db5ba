namespace Recsys.Engine.Serving;

/// <summary>What is to be known of an item from now on; it replaces what was known.</summary>
/// <param name="Id">The item's id.</param>
public sealed record ItemUpdate(string Id)
{
    /// <summary>Its display name.</summary>
    public string? Name { get; init; }

    /// <summary>Its categories.</summary>
    public IReadOnlyList<string> Categories { get; init; } = [];

    /// <summary>Whether it may be recommended.</summary>
    public bool Available { get; init; } = true;

    /// <summary>Its features by name, for items without clicks.</summary>
    public IReadOnlyDictionary<string, float> Features { get; init; } = new Dictionary<string, float>();
}
