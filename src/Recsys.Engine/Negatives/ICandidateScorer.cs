namespace Recsys.Engine.Negatives;

/// <summary>The current model as hard samplers see it: scores of candidates for the user at hand.</summary>
public interface ICandidateScorer
{
    /// <summary>Writes the score of each item.</summary>
    void Score(ReadOnlySpan<int> items, Span<float> scores);
}
