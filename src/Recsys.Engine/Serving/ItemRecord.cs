namespace Recsys.Engine.Serving;

/// <summary>What is known of an item.</summary>
/// <param name="Id">The item's id.</param>
/// <param name="Name">Its display name, where one is known.</param>
/// <param name="Categories">Its categories.</param>
/// <param name="Available">Whether it may be recommended.</param>
/// <param name="Users">Number of users who interacted with it.</param>
public sealed record ItemRecord(string Id, string? Name, IReadOnlyList<string> Categories, bool Available, long Users);
