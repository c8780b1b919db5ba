using Recsys.Engine.Models;

namespace Recsys.Engine.Blending;

/// <summary>What a member of a blend says of an item for a user.</summary>
/// <param name="Label">The member.</param>
/// <param name="Factor">What its score is multiplied by: weight / standard deviation of its scores for this user.</param>
/// <param name="Score">Its own score.</param>
/// <param name="Explanation">Its own explanation.</param>
public sealed record MemberShare(string Label, float Factor, float Score, Explanation Explanation);
