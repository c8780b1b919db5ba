namespace Recsys.Engine.Serving;

/// <summary>An item to ask a new user about.</summary>
/// <param name="Item">Its id.</param>
/// <param name="Worth">What the answer is expected to tell: information × chance that the user knows the item.</param>
/// <param name="Name">Its display name, where one is known.</param>
public sealed record Question(string Item, float Worth, string? Name = null);
