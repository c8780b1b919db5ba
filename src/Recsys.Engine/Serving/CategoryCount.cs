namespace Recsys.Engine.Serving;

/// <summary>A category.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Items">Items described as its own.</param>
public sealed record CategoryCount(string Name, int Items);
