using System.Text.Json.Nodes;
using Recsys.Engine.Compute;
using Recsys.Engine.Data;
using Recsys.Engine.Models;
using Recsys.Engine.Storage;
using Recsys.Engine.Tuning;

namespace Recsys.Engine.Ease;

/// <summary>EASE by option names.</summary>
public sealed class EaseAlgorithm : Algorithm<EaseOptions>
{
    internal const string AlgorithmName = "ease";

    private static readonly Dictionary<string, NonNegativeMode> Modes = new()
    {
        ["off"] = NonNegativeMode.Off,
        ["clip"] = NonNegativeMode.Clip,
        ["constrained"] = NonNegativeMode.Constrained,
    };

    /// <inheritdoc/>
    public override string Name => AlgorithmName;

    /// <inheritdoc/>
    public override string Summary => "EASE: item-item weights in closed form, negative ones included";

    /// <inheritdoc/>
    public override IReadOnlyList<OptionDescription> Options { get; } =
    [
        new("regularization", "L", "λ on the diagonal of the Gram matrix (default from data: 1.5·(√interactions a user + √interactions an item)²·mean squared weight)") { Search = SearchRange.Around(8) },
        new("regularization-exponent", "E", "an item's λ is multiplied by its (squared) interactions to this power (default 0: the same for all)"),
        new("dropout", "P", "share of the input taken for dropped while training: adds P/(1 − P) times the item's interactions to λ (default 0)"),
        new("non-negative", "clip|constrained", "allow no negative weights: clip them afterwards, or solve under B ≥ 0") { Alone = "clip" },
        new("sparsify", "DENSITY", "keep this share of the weights, those of largest magnitude (default 1: all)"),
        OptionDescription.Seed,
        OptionDescription.Threads,
        OptionDescription.Partitions,
    ];

    /// <inheritdoc/>
    public override TuningTraits Tuning { get; } = new() { FirstItems = 8192, MostItems = 20_000 };

    /// <summary>n³ operations for the inverse, half as many as the pairs of items in histories for the Gram matrix.</summary>
    public override double EstimateWork(Dataset data, OptionBag options)
    {
        ArgumentNullException.ThrowIfNull(data);
        double items = data.Items.Count;
        double pairs = 0;
        for (int u = 0; u < data.Interactions.Rows; u++)
        {
            double length = data.Interactions.RowLength(u);
            pairs += length * length / 2;
        }

        // An addition at a place in a row costs a hundred of the inverse's operations.
        return (items * items * items) + (100 * pairs);
    }

    /// <inheritdoc/>
    public override ITrialTrainer OpenTrials(Dataset data) => new EaseTrials(data);

    /// <inheritdoc/>
    public override OptionBag Complete(Dataset data, OptionBag options) => Complete(() => DataShape.Of(data), options);

    /// <summary>The same where only the shape of the data is at hand.</summary>
    internal OptionBag Complete(Func<DataShape> shape, OptionBag options)
    {
        _ = Parse(options);
        return options.Text("regularization") is not null
            ? options
            : options.With("regularization", OptionBag.Write(EaseOptions.For(shape()).Regularization));
    }

    /// <inheritdoc/>
    public override IRecommenderModel Read(StoredModel stored) => EaseModel.FromStored(stored);

    /// <summary>The options that make the model what it is, by their command-line names.</summary>
    internal static JsonObject ToJson(EaseOptions options) => new()
    {
        ["regularization"] = options.Regularization,
        ["regularization-exponent"] = options.RegularizationExponent,
        ["dropout"] = options.Dropout,
        ["non-negative"] = Modes.First(m => m.Value == options.NonNegative).Key,
        ["sparsify"] = options.Density,
    };

    /// <summary>The options as the manifest has them, each value as its command-line text.</summary>
    internal static EaseOptions ParseStored(JsonObject options) => new EaseAlgorithm().Parse(OptionBag.FromJson(options));

    /// <inheritdoc/>
    protected override EaseOptions Bind(OptionBag options)
    {
        var defaults = new EaseOptions();
        return new EaseOptions
        {
            Regularization = options.Double("regularization", defaults.Regularization),
            RegularizationExponent = options.Double("regularization-exponent", defaults.RegularizationExponent),
            Dropout = options.Double("dropout", defaults.Dropout),
            NonNegative = options.Choice("non-negative", defaults.NonNegative, Modes),
            Density = options.Double("sparsify", defaults.Density),
            Threads = options.Int("threads", defaults.Threads),
            Partitions = options.Int("partitions", defaults.Partitions),
        };
    }

    /// <inheritdoc/>
    protected override long EstimateBytes(Dataset data, EaseOptions options) => EaseTrainer.EstimateBytes(data.Items.Count, options);

    /// <inheritdoc/>
    protected override IRecommenderModel Train(
        Dataset data, EaseOptions options, IProgress<TrainingProgress>? progress, CancellationToken cancellationToken) =>
        EaseTrainer.Train(data, options, progress, cancellationToken);
}
