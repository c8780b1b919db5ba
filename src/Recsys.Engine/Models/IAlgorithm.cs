using Recsys.Engine.Compute;
using Recsys.Engine.Data;
using Recsys.Engine.Storage;
using Recsys.Engine.Tuning;

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

    /// <summary>Whether it learns from negative weights that an item was disliked; others are trained without these pairs.</summary>
    bool LearnsDislikes => false;

    /// <summary>Peak bytes training takes, the data itself not counted.</summary>
    long EstimateBytes(Dataset data, OptionBag options);

    /// <summary>
    /// The options with those added whose default depends on the data; others that are not given stay away. Training does
    /// this by itself.
    /// </summary>
    /// <exception cref="InvalidOptionException">An option is unknown to this algorithm or out of range.</exception>
    OptionBag Complete(Dataset data, OptionBag options)
    {
        options.RequireKnown(this);
        return options;
    }

    /// <summary>Trains on the data with options given by name; those not given have their defaults.</summary>
    /// <exception cref="InvalidOptionException">An option is unknown to this algorithm or out of range.</exception>
    IRecommenderModel Train(
        Dataset data, OptionBag options, IProgress<TrainingProgress>? progress = null, CancellationToken cancellationToken = default);

    /// <summary>How trials of a search over its options may be made smaller.</summary>
    TuningTraits Tuning => TuningTraits.Whole;

    /// <summary>
    /// Work of a training in units of the algorithm's own, near enough proportional to time: a search learns what a unit takes.
    /// </summary>
    double EstimateWork(Dataset data, OptionBag options) => data.Interactions.Count;

    /// <summary>Begins trials of many options on one data set, sharing what they can.</summary>
    ITrialTrainer OpenTrials(Dataset data) => new PlainTrials(this, data);

    /// <summary>A model of this algorithm read from storage.</summary>
    /// <exception cref="RecsysException">The stored arrays are not such a model's.</exception>
    IRecommenderModel Read(StoredModel stored);
}
