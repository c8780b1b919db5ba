using Recsys.Engine.Compute;
using Recsys.Engine.Data;
using Recsys.Engine.Models;

namespace Recsys.Engine.Tuning;

/// <summary>Trials that share the data alone.</summary>
internal sealed class PlainTrials(IAlgorithm algorithm, Dataset data) : ITrialTrainer
{
    public IRecommenderModel Train(OptionBag options, IProgress<TrainingProgress>? progress, CancellationToken cancellationToken) =>
        algorithm.Train(data, options, progress, cancellationToken);

    public void Dispose()
    {
    }
}
