using System.Text.Json.Nodes;
using Recsys.Engine.Compute;
using Recsys.Engine.Data;
using Recsys.Engine.Models;
using Recsys.Engine.Storage;
using Recsys.Engine.Tuning;

namespace Recsys.Engine.Slim;

/// <summary>SLIM by option names.</summary>
public sealed class SlimAlgorithm : IAlgorithm
{
    internal const string AlgorithmName = "slim";

    private static readonly Dictionary<string, bool> Booleans = new() { ["true"] = true, ["false"] = false };

    /// <inheritdoc/>
    public string Name => AlgorithmName;

    /// <inheritdoc/>
    public string Summary => "SLIM: sparse item-item weights by the elastic net, non-negative unless told otherwise";

    /// <inheritdoc/>
    public IReadOnlyList<OptionDescription> Options { get; } =
    [
        new("l1", "L", "ℓ1 penalty of the weights (default 5)") { Search = SearchRange.Log(0.1, 50) with { Start = "5" } },
        new("l2", "L", "ℓ2 penalty of the weights, ½·L·‖w‖² (default 200)") { Search = SearchRange.Log(5, 2000) with { Start = "200" } },
        new("non-negative", "true|false", "allow no negative weights (default true)") { Alone = "true" },
        new("iterations", "N", "sweeps of coordinate descent a column at most (default 1000)"),
        new("tolerance", "T", "a column is done when no step changes a weight by more (default 0.0001)"),
        OptionDescription.Seed,
        OptionDescription.Threads,
    ];

    /// <inheritdoc/>
    public long EstimateBytes(Dataset data, OptionBag options)
    {
        ArgumentNullException.ThrowIfNull(data);
        return SlimTrainer.EstimateBytes(data.Interactions, Parse(options));
    }

    /// <inheritdoc/>
    public IRecommenderModel Train(
        Dataset data, OptionBag options, IProgress<TrainingProgress>? progress = null, CancellationToken cancellationToken = default) =>
        SlimTrainer.Train(data, Parse(options), progress, cancellationToken);

    /// <inheritdoc/>
    public TuningTraits Tuning { get; } = new() { FirstItems = 8192, MostItems = 20_000 };

    /// <inheritdoc/>
    public OptionBag Complete(Dataset data, OptionBag options)
    {
        _ = Parse(options);
        return options;
    }

    /// <inheritdoc/>
    public IRecommenderModel Read(StoredModel stored) => SlimModel.FromStored(stored);

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

    private SlimOptions Parse(OptionBag options)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.RequireKnown(this);
        var defaults = new SlimOptions();
        var parsed = new SlimOptions
        {
            L1 = options.Double("l1", defaults.L1),
            L2 = options.Double("l2", defaults.L2),
            NonNegative = options.Choice("non-negative", defaults.NonNegative, Booleans),
            Iterations = options.Int("iterations", defaults.Iterations),
            Tolerance = options.Double("tolerance", defaults.Tolerance),
            Threads = options.Int("threads", defaults.Threads),
        };
        parsed.Validate();
        return parsed;
    }
}
