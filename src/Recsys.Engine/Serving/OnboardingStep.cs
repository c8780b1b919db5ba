namespace Recsys.Engine.Serving;

/// <summary>What to ask a new user next, and what the answers so far lead to, from one version of a model.</summary>
/// <param name="Questions">The questions, best first.</param>
/// <param name="Recommendations">Recommendations from the answers so far: popular items before the first like.</param>
public sealed record OnboardingStep(IReadOnlyList<Question> Questions, RecommendationList Recommendations);
