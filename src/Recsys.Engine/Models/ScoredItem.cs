namespace Recsys.Engine.Models;

/// <summary>An item (dense index) and its score.</summary>
public readonly record struct ScoredItem(int Item, float Score);
