namespace Recsys.Engine.Serving;

/// <summary>Ranked items, best first.</summary>
/// <param name="Model">Name of the model that ranked them.</param>
/// <param name="Version">Version of the model: one throughout the list.</param>
/// <param name="Fallback">Whether these are popular items because nothing is known of the user.</param>
/// <param name="Items">The items.</param>
public sealed record RecommendationList(string Model, string Version, bool Fallback, IReadOnlyList<RecommendedItem> Items);
