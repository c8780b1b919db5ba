namespace Recsys.Engine.Serving;

/// <summary>Questions to new users. Safe for any number of concurrent callers; keeps nothing between calls.</summary>
public interface IOnboarding
{
    /// <summary>The questions whose answers are expected to tell most about a user who has answered so far.</summary>
    /// <exception cref="InvalidOptionException">The query asks for something there is not, e.g. an unknown model.</exception>
    ValueTask<OnboardingStep> NextAsync(OnboardingQuery query, CancellationToken cancellationToken = default);
}
