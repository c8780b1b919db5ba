namespace Recsys.Engine.Logistic;

/// <summary>What an online learner needs to go on from a model, besides factors, sums and histories.</summary>
/// <param name="Steps">Clicks learned online so far: the key of the next one's randomness.</param>
/// <param name="Window">The window of in-batch negatives, oldest click first.</param>
internal sealed record LmfLearnerState(long Steps, int[] Window)
{
    public static LmfLearnerState Fresh { get; } = new(0, []);
}
