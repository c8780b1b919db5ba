using System.Text.Json.Nodes;
using Recsys.Engine.Compute;
using Recsys.Engine.Data;
using Recsys.Engine.Models;
using Recsys.Engine.Storage;
using Recsys.Engine.Tuning;

namespace Recsys.Engine.Slim;

/// <summary>SLIM by option names.</summary>
public sealed class SlimAlgorithm : Algorithm<SlimOptions>
{
    internal const string AlgorithmName = "slim";

    /// <inheritdoc/>
    public override string Name => AlgorithmName;

    /// <inheritdoc/>
    public override string Summary => "SLIM: sparse item-item weights by the elastic net, non-negative unless told otherwise";

    /// <inheritdoc/>
    public override IReadOnlyList<OptionDescription> Options { get; } =
    [
        new("l1", "L", "ℓ1 penalty of the weights (default 0.5·mean squared weight)") { Search = SearchRange.Around(8) },
        new("l2", "L", "ℓ2 penalty of the weights, ½·L·‖w‖² (default from data: 0.5·(√interactions a user + √interactions an item)²·mean squared weight)") { Search = SearchRange.Around(8) },
        new("non-negative", "true|false", "allow no negative weights (default true)") { Alone = "true" },
        new("iterations", "N", "sweeps of coordinate descent a column at most (default 1000)"),
        new("tolerance", "T", "a column is done when no step changes a weight by more (default 0.0001)"),
        OptionDescription.Seed,
        OptionDescription.Threads,
    ];

    /// <inheritdoc/>
    public override OptionBag Complete(Dataset data, OptionBag options)
    {
        _ = Parse(options);
        if (options.Text("l1") is not null && options.Text("l2") is not null)
        {
            return options;
        }

        var defaults = SlimOptions.For(data);
        options = options.Text("l1") is null ? options.With("l1", OptionBag.Write(defaults.L1)) : options;
        return options.Text("l2") is null ? options.With("l2", OptionBag.Write(defaults.L2)) : options;
    }

    /// <summary>Pairs of items in histories: the Gram matrix, of which columns read rows.</summary>
    public override double EstimateWork(Dataset data, OptionBag options)
    {
        ArgumentNullException.ThrowIfNull(data);
        return SparseGram.BoundElements(data.Interactions);
    }

    /// <inheritdoc/>
    public override TuningTraits Tuning { get; } = new() { FirstItems = 8192, MostItems = 100_000 };

    /// <inheritdoc/>
    public override IRecommenderModel Read(StoredModel stored) => SlimModel.FromStored(stored);

    /// <summary>The options that make the model what it is, by their command-line names.</summary>
    internal static JsonObject ToJson(SlimOptions options) => new()
    {
        ["l1"] = options.L1,
        ["l2"] = options.L2,
        ["non-negative"] = options.NonNegative,
        ["iterations"] = options.Iterations,
        ["tolerance"] = options.Tolerance,
    };

    /// <summary>The options as the manifest has them.</summary>
    internal static SlimOptions ParseStored(JsonObject options) => new SlimAlgorithm().Parse(OptionBag.FromJson(options));

    /// <inheritdoc/>
    protected override SlimOptions Bind(OptionBag options)
    {
        var defaults = new SlimOptions();
        return new SlimOptions
        {
            L1 = options.Double("l1", defaults.L1),
            L2 = options.Double("l2", defaults.L2),
            NonNegative = options.Bool("non-negative", defaults.NonNegative),
            Iterations = options.Int("iterations", defaults.Iterations),
            Tolerance = options.Double("tolerance", defaults.Tolerance),
            Threads = options.Int("threads", defaults.Threads),
        };
    }

    /// <inheritdoc/>
    protected override long EstimateBytes(Dataset data, SlimOptions options) => SlimTrainer.EstimateBytes(data.Interactions, options);

    /// <inheritdoc/>
    protected override IRecommenderModel Train(
        Dataset data, SlimOptions options, IProgress<TrainingProgress>? progress, CancellationToken cancellationToken) =>
        SlimTrainer.Train(data, options, progress, cancellationToken);
}
