namespace Recsys.Engine.Serving;

/// <summary>An item of a ranking.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Score">Its score, by the model's own scale.</param>
/// <param name="Name">Its display name, where one is known.</param>
/// <param name="Reasons">What in the history speaks for and against it, strongest first; null when not asked for.</param>
public sealed record RecommendedItem(string Id, float Score, string? Name = null, IReadOnlyList<Reason>? Reasons = null);
