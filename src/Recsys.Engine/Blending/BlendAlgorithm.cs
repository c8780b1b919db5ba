using System.Text.Json.Nodes;
using Recsys.Engine.Compute;
using Recsys.Engine.Data;
using Recsys.Engine.Evaluation;
using Recsys.Engine.Models;
using Recsys.Engine.Storage;

namespace Recsys.Engine.Blending;

/// <summary>Blends by option names.</summary>
public sealed class BlendAlgorithm : Algorithm<BlendOptions>
{
    internal const string AlgorithmName = "blend";

    private static readonly Dictionary<string, BlendProtocol> Protocols = new()
    {
        ["strong"] = BlendProtocol.Strong,
        ["weak"] = BlendProtocol.Weak,
    };

    /// <inheritdoc/>
    public override string Name => AlgorithmName;

    /// <inheritdoc/>
    public override string Summary => "several models as one, by weights fitted on held-out data";

    /// <inheritdoc/>
    public override IReadOnlyList<OptionDescription> Options { get; } =
    [
        new("members", "LIST", $"models blended: MODEL[:OPTION=VALUE,…];MODEL… (default {BlendOptions.DefaultMembers})"),
        new("bands", "N", "bands of users by length of history, each with its own weights (default 3)"),
        new("weights-metric", "METRIC", "what the weights make large on held-out items (default ndcg@100)"),
        new("weights-protocol", "strong|weak", "fit the weights on users kept out, or on items kept out of users who stay (default strong)"),
        new("signed-weights", "true|false", "whether weights may be negative (default true)") { Alone = "true" },
        new("validation-users", "AMOUNT", "users the weights are fitted on, below 1 a share of all (default 0.1)"),
        new("held-out-share", "SHARE", "share of their items to be found (default 0.2)"),
        new("refit", "true|false", "train the members again on all data once the weights are fitted (default true)") { Alone = "true" },
        OptionDescription.Seed,
        OptionDescription.Threads,
    ];

    /// <inheritdoc/>
    public override IRecommenderModel Read(StoredModel stored) => BlendModel.FromStored(stored);

    /// <summary>Seed and threads, where given, are also those of members that name none.</summary>
    /// <inheritdoc/>
    protected override BlendOptions Bind(OptionBag options)
    {
        var d = new BlendOptions();
        return d with
        {
            Members =
            [
                .. ModelSpec.ParseList(options.Text("members") ?? BlendOptions.DefaultMembers)
                    .Select(m => m.WithDefault("seed", options.Text("seed")).WithDefault("threads", options.Text("threads"))),
            ],
            Bands = options.Int("bands", d.Bands),
            Metric = options.Text("weights-metric") is { } metric ? Metric.Parse(metric) : d.Metric,
            Protocol = options.Choice("weights-protocol", d.Protocol, Protocols),
            Signed = options.Bool("signed-weights", d.Signed),
            ValidationUsers = options.Double("validation-users", d.ValidationUsers),
            HeldOutShare = options.Double("held-out-share", d.HeldOutShare),
            Refit = options.Bool("refit", d.Refit),
            Seed = options.UInt64("seed", d.Seed),
            Threads = options.Int("threads", d.Threads),
        };
    }

    /// <inheritdoc/>
    protected override long EstimateBytes(Dataset data, BlendOptions options) => BlendTrainer.EstimateBytes(data, options);

    /// <inheritdoc/>
    protected override IRecommenderModel Train(
        Dataset data, BlendOptions options, IProgress<TrainingProgress>? progress, CancellationToken cancellationToken) =>
        BlendTrainer.Train(data, options, progress, cancellationToken);

    /// <summary>The options that make the model what it is, by their command-line names.</summary>
    internal static JsonObject ToJson(BlendOptions options) => new()
    {
        ["members"] = ModelSpec.Format(options.Members),
        ["bands"] = options.Bands,
        ["weights-metric"] = options.Metric.ToString(),
        ["weights-protocol"] = Protocols.First(p => p.Value == options.Protocol).Key,
        ["signed-weights"] = options.Signed,
        ["validation-users"] = options.ValidationUsers,
        ["held-out-share"] = options.HeldOutShare,
        ["refit"] = options.Refit,
        ["seed"] = options.Seed,
    };
}
