using Recsys.Engine.Compute;
using Recsys.Engine.Models;

namespace Recsys.Engine.Tuning;

/// <summary>
/// Trains models of one algorithm on one data set with different options, sharing what does not depend on them. Each
/// model is the same, bit for bit, as <see cref="IAlgorithm.Train"/> makes with these options. Not for concurrent calls.
/// </summary>
public interface ITrialTrainer : IDisposable
{
    /// <summary>Trains a model with options that name every value that matters.</summary>
    /// <exception cref="RecsysException">It cannot be trained so.</exception>
    IRecommenderModel Train(OptionBag options, IProgress<TrainingProgress>? progress, CancellationToken cancellationToken);
}
