using System.Text.Json.Nodes;
using Recsys.Engine.Compute;
using Recsys.Engine.Data;
using Recsys.Engine.Models;
using Recsys.Engine.Storage;

namespace Recsys.Engine.Ease;

/// <summary>EASE by option names.</summary>
public sealed class EaseAlgorithm : IAlgorithm
{
    internal const string AlgorithmName = "ease";

    private static readonly Dictionary<string, NonNegativeMode> Modes = new()
    {
        ["off"] = NonNegativeMode.Off,
        ["clip"] = NonNegativeMode.Clip,
        ["constrained"] = NonNegativeMode.Constrained,
    };

    /// <inheritdoc/>
    public string Name => AlgorithmName;

    /// <inheritdoc/>
    public string Summary => "EASE: item-item weights in closed form, negative ones included";

    /// <inheritdoc/>
    public IReadOnlyList<OptionDescription> Options { get; } =
    [
        new("regularization", "L", "λ on the diagonal of the Gram matrix (default 500)"),
        new("non-negative", "clip|constrained", "allow no negative weights: clip them afterwards, or solve under B ≥ 0") { Alone = "clip" },
        new("sparsify", "DENSITY", "keep this share of the weights, those of largest magnitude (default 1: all)"),
        OptionDescription.Seed,
        OptionDescription.Threads,
        OptionDescription.Partitions,
    ];

    /// <inheritdoc/>
    public long EstimateBytes(Dataset data, OptionBag options)
    {
        ArgumentNullException.ThrowIfNull(data);
        return EaseTrainer.EstimateBytes(data.Items.Count, Parse(options));
    }

    /// <inheritdoc/>
    public IRecommenderModel Train(
        Dataset data, OptionBag options, IProgress<TrainingProgress>? progress = null, CancellationToken cancellationToken = default) =>
        EaseTrainer.Train(data, Parse(options), progress, cancellationToken);

    /// <inheritdoc/>
    public IRecommenderModel Read(StoredModel stored) => EaseModel.FromStored(stored);

    /// <summary>The options that make the model what it is, by their command-line names.</summary>
    internal static JsonObject ToJson(EaseOptions options) => new()
    {
        ["regularization"] = options.Regularization,
        ["non-negative"] = Modes.First(m => m.Value == options.NonNegative).Key,
        ["sparsify"] = options.Density,
    };

    /// <summary>The options as the manifest has them, each value as its command-line text.</summary>
    internal static EaseOptions ParseStored(JsonObject options) => new EaseAlgorithm().Parse(OptionBag.FromJson(options));

    private EaseOptions Parse(OptionBag options)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.RequireKnown(this);
        var defaults = new EaseOptions();
        var parsed = new EaseOptions
        {
            Regularization = options.Double("regularization", defaults.Regularization),
            NonNegative = options.Choice("non-negative", defaults.NonNegative, Modes),
            Density = options.Double("sparsify", defaults.Density),
            Threads = options.Int("threads", defaults.Threads),
            Partitions = options.Int("partitions", defaults.Partitions),
        };
        parsed.Validate();
        return parsed;
    }
}
