namespace Recsys.Engine.Serving;

/// <summary>A user or item found.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Name">Its display name, where one is known.</param>
public sealed record SearchHit(string Id, string? Name);
