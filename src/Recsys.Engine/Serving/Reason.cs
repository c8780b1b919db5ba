namespace Recsys.Engine.Serving;

/// <summary>What an item of the history adds to (positive) or takes from (negative) a score.</summary>
/// <param name="Item">The item of the history.</param>
/// <param name="Contribution">Its share of the score.</param>
/// <param name="Name">Its display name, where one is known.</param>
public sealed record Reason(string Item, float Contribution, string? Name = null);
