using Recsys.Engine.Data;
using Recsys.Engine.Models;

namespace Recsys.Engine.Serving;

/// <summary>What a training learns from where histories come from events.</summary>
public static class TrainingHistories
{
    /// <summary>
    /// The histories as the algorithm takes them: dislikes (weights below 0) only where it learns from them; no weights where all
    /// that is left weighs 1.
    /// </summary>
    /// <exception cref="RecsysException">Nothing is left.</exception>
    public static Dataset For(IAlgorithm algorithm, Dataset histories)
    {
        ArgumentNullException.ThrowIfNull(algorithm);
        ArgumentNullException.ThrowIfNull(histories);
        var data = (algorithm.LearnsDislikes ? histories : histories.Likes()).WithoutUnitWeights();
        return data.Interactions.Count > 0 ? data : throw new RecsysException("there are no histories to train on yet");
    }
}
