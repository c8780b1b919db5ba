using Recsys.Engine.Compute;
using Recsys.Engine.Data;
using Recsys.Engine.Storage;

namespace Recsys.Engine.Models;

/// <summary>
/// A way to make a model, as the command line, the service and a training job name it. Stateless.
/// </summary>
public interface IAlgorithm
{
    /// <summary>Its name, lower case: "als".</summary>
    string Name { get; }

    /// <summary>One line for people.</summary>
    string Summary { get; }

    /// <summary>The options it takes.</summary>
    IReadOnlyList<OptionDescription> Options { get; }

    /// <summary>Peak bytes training takes, the data itself not counted.</summary>
    long EstimateBytes(Dataset data, OptionBag options);

    /// <summary>Trains on the data with options given by name; those not given have their defaults.</summary>
    /// <exception cref="InvalidOptionException">An option is unknown to this algorithm or out of range.</exception>
    IRecommenderModel Train(
        Dataset data, OptionBag options, IProgress<TrainingProgress>? progress = null, CancellationToken cancellationToken = default);

    /// <summary>A model of this algorithm read from storage.</summary>
    /// <exception cref="RecsysException">The stored arrays are not such a model's.</exception>
    IRecommenderModel Read(StoredModel stored);
}
