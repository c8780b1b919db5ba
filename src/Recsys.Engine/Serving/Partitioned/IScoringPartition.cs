using Recsys.Engine.Models;

namespace Recsys.Engine.Serving.Partitioned;

/// <summary>
/// Some items of a model, wherever they are: scores its own items for a user and returns the best of them. Calls change
/// nothing and may be repeated.
/// </summary>
public interface IScoringPartition
{
    /// <summary>
    /// The best <see cref="ScoringRequest.Count"/> of the own eligible items, best first, equal scores in item order; all of
    /// them where there are fewer. Items are dense indices of the whole model.
    /// </summary>
    ValueTask<ScoredItem[]> TopAsync(ScoringRequest request, CancellationToken cancellationToken);
}
