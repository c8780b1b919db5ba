namespace Recsys.Engine.Models;

/// <summary>Why an item has its score for a user.</summary>
/// <param name="Item">The item explained, a dense index.</param>
/// <param name="Score">Its score.</param>
/// <param name="Contributions">
/// What each item of the history adds (positive) or takes (negative), the largest magnitude first. They and
/// <paramref name="Baseline"/> sum to the score within float tolerance.
/// </param>
/// <param name="Baseline">The part of the score that no history item answers for, e.g. popularity.</param>
public sealed record Explanation(int Item, float Score, IReadOnlyList<ScoredItem> Contributions, float Baseline = 0);
