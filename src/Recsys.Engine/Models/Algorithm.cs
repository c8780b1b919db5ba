using Recsys.Engine.Compute;
using Recsys.Engine.Data;
using Recsys.Engine.Storage;
using Recsys.Engine.Tuning;

namespace Recsys.Engine.Models;

/// <summary>
/// An algorithm whose options are a record. It says which names they have and what is trained with them; that they are
/// completed and checked first is the same for all.
/// </summary>
/// <typeparam name="TOptions">The record.</typeparam>
public abstract class Algorithm<TOptions> : IAlgorithm
    where TOptions : class, IAlgorithmOptions
{
    /// <inheritdoc/>
    public abstract string Name { get; }

    /// <inheritdoc/>
    public abstract string Summary { get; }

    /// <inheritdoc/>
    public virtual bool LearnsDislikes => false;

    /// <inheritdoc/>
    public abstract IReadOnlyList<OptionDescription> Options { get; }

    /// <inheritdoc/>
    public virtual TuningTraits Tuning => TuningTraits.Whole;

    /// <inheritdoc/>
    public long EstimateBytes(Dataset data, OptionBag options)
    {
        ArgumentNullException.ThrowIfNull(data);
        return EstimateBytes(data, Parse(options));
    }

    /// <inheritdoc/>
    public virtual OptionBag Complete(Dataset data, OptionBag options)
    {
        _ = Parse(options);
        return options;
    }

    /// <inheritdoc/>
    public IRecommenderModel Train(
        Dataset data, OptionBag options, IProgress<TrainingProgress>? progress = null, CancellationToken cancellationToken = default) =>
        Train(data, ParseFor(data, options), progress, cancellationToken);

    /// <inheritdoc/>
    public virtual double EstimateWork(Dataset data, OptionBag options)
    {
        ArgumentNullException.ThrowIfNull(data);
        return data.Interactions.Count;
    }

    /// <inheritdoc/>
    public virtual ITrialTrainer OpenTrials(Dataset data) => new PlainTrials(this, data);

    /// <inheritdoc/>
    public abstract IRecommenderModel Read(StoredModel stored);

    /// <summary>The options by their command-line names, checked; those not given have the defaults that no data is needed for.</summary>
    /// <exception cref="InvalidOptionException">An option is unknown or out of range.</exception>
    public TOptions Parse(OptionBag options)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.RequireKnown(this);
        var parsed = Bind(options);
        parsed.Validate();
        return parsed;
    }

    /// <summary>Options for training on the data, what is not given chosen for it.</summary>
    /// <exception cref="InvalidOptionException">An option is unknown or out of range.</exception>
    public TOptions ParseFor(Dataset data, OptionBag options) => Parse(Complete(data, options));

    /// <summary>The record of options by name, not yet checked.</summary>
    protected abstract TOptions Bind(OptionBag options);

    /// <summary>Peak bytes training takes, the data itself not counted.</summary>
    protected abstract long EstimateBytes(Dataset data, TOptions options);

    /// <summary>Trains on the data.</summary>
    protected abstract IRecommenderModel Train(
        Dataset data, TOptions options, IProgress<TrainingProgress>? progress, CancellationToken cancellationToken);
}
