using System.Text.Json.Nodes;
using Recsys.Engine.Compute;
using Recsys.Engine.Data;
using Recsys.Engine.Models;
using Recsys.Engine.Storage;
using Recsys.Engine.Tuning;

namespace Recsys.Engine.Als;

/// <summary>Implicit ALS by option names.</summary>
public sealed class AlsAlgorithm : Algorithm<AlsOptions>
{
    internal const string AlgorithmName = "als";

    private static readonly Dictionary<string, AlsSolver> Solvers = new()
    {
        ["cholesky"] = AlsSolver.Cholesky,
        ["cg"] = AlsSolver.ConjugateGradient,
        ["subspace"] = AlsSolver.Subspace,
    };

    /// <inheritdoc/>
    public override string Name => AlgorithmName;

    /// <inheritdoc/>
    public override string Summary => "implicit ALS: k factors of users and items by alternating least squares over all pairs";

    /// <inheritdoc/>
    public override bool LearnsDislikes => true;

    /// <inheritdoc/>
    public override IReadOnlyList<OptionDescription> Options { get; } =
    [
        new("factors", "K", "factors of every user and item (default 128)") { Search = SearchRange.OneOf("64", "128", "256") with { Start = "128" } },
        new("alpha", "A", "confidence of an interaction of weight f: 1 + A·f (default from data: 2/√density, from 5 to 50, over the mean weight; 1 with --unobserved-weight)") { Search = SearchRange.Around(5) },
        new("regularization", "L", "λ (default from data: 4·(√interactions a user + √interactions an item) at the default alpha, · √((1 + A)/(1 + default)) at another)") { Search = SearchRange.Around(5) },
        new("regularization-exponent", "E", "a row's λ grows with its interactions to this power; 0: the same for all (default 0)") { Search = SearchRange.OneOf("0", "0.5", "1") with { Start = "0" } },
        new("unobserved-weight", "W", "weigh interactions A·f and all pairs W instead of 1 + A·f and 1"),
        new("iterations", "N", "iterations over users and items (default 15)"),
        new("solver", "cholesky|cg|subspace", "how rows are solved (default cholesky: exactly)") { Search = SearchRange.OneOf("cg") },
        new("cg-steps", "N", "steps of conjugate gradients a row and iteration (default 3)"),
        new("subspace-size", "N", "coordinates solved together by --solver subspace (default 64)"),
        new("init-stddev", "S", "standard deviation of a row's initial length (default 0.1)"),
        OptionDescription.Seed,
        OptionDescription.Threads,
        OptionDescription.Partitions,
    ];

    /// <inheritdoc/>
    public override TuningTraits Tuning { get; } = new() { Iterations = "iterations", Rungs = [5, 15] };

    /// <summary>Operations of all iterations, roughly: k² a row and interaction, or what the iterative solvers take.</summary>
    public override double EstimateWork(Dataset data, OptionBag options)
    {
        ArgumentNullException.ThrowIfNull(data);
        var parsed = Parse(options);
        double k = parsed.Factors;
        double rows = data.Users.Count + (double)data.Items.Count;
        double interaction = parsed.Solver switch
        {
            AlsSolver.Cholesky => k * k,
            AlsSolver.Subspace => k * Math.Min(k, parsed.SubspaceSize) * 2,
            _ => 4 * k * (parsed.CgSteps + 1),
        };
        return (parsed.Iterations + 1) * ((2 * data.Interactions.Count * interaction) + (rows * k * k * 3));
    }

    /// <inheritdoc/>
    public override ITrialTrainer OpenTrials(Dataset data) => new AlsTrials(data);

    /// <inheritdoc/>
    public override OptionBag Complete(Dataset data, OptionBag options) => Complete(() => DataShape.Of(data), options);

    /// <summary>The same where only the shape of the data is at hand.</summary>
    internal OptionBag Complete(Func<DataShape> shape, OptionBag options)
    {
        var given = Parse(options);
        if (options.Text("alpha") is not null && options.Text("regularization") is not null)
        {
            return options;
        }

        var full = AlsOptions.For(shape(), given, options.Text("regularization") is null);
        return options.With("alpha", OptionBag.Write(full.EffectiveAlpha)).With("regularization", OptionBag.Write(full.Regularization));
    }

    /// <inheritdoc/>
    public override IRecommenderModel Read(StoredModel stored) => AlsModel.FromStored(stored);

    /// <summary>The options that make the model what it is, by their command-line names.</summary>
    internal static JsonObject ToJson(AlsOptions options)
    {
        var json = new JsonObject
        {
            ["factors"] = options.Factors,
            ["alpha"] = options.EffectiveAlpha,
            ["regularization"] = options.Regularization,
            ["regularization-exponent"] = options.RegularizationExponent,
            ["iterations"] = options.Iterations,
            ["solver"] = Solvers.First(s => s.Value == options.Solver).Key,
            ["cg-steps"] = options.CgSteps,
            ["subspace-size"] = options.SubspaceSize,
            ["init-stddev"] = options.InitStdDev,
            ["seed"] = options.Seed,
        };
        if (options.UnobservedWeight is { } weight)
        {
            json["unobserved-weight"] = weight;
        }

        return json;
    }

    /// <summary>The options as the manifest has them.</summary>
    internal static AlsOptions ParseStored(JsonObject options) => new AlsAlgorithm().Parse(OptionBag.FromJson(options));

    /// <inheritdoc/>
    protected override AlsOptions Bind(OptionBag options)
    {
        var defaults = new AlsOptions();
        return new AlsOptions
        {
            Factors = options.Int("factors", defaults.Factors),
            Alpha = options.Double("alpha"),
            Regularization = options.Double("regularization", defaults.Regularization),
            RegularizationExponent = options.Double("regularization-exponent", defaults.RegularizationExponent),
            UnobservedWeight = options.Double("unobserved-weight"),
            Iterations = options.Int("iterations", defaults.Iterations),
            Solver = options.Choice("solver", defaults.Solver, Solvers),
            CgSteps = options.Int("cg-steps", defaults.CgSteps),
            SubspaceSize = options.Int("subspace-size", defaults.SubspaceSize),
            InitStdDev = options.Double("init-stddev", defaults.InitStdDev),
            Seed = options.Int("seed", defaults.Seed),
            Threads = options.Int("threads", defaults.Threads),
            Partitions = options.Int("partitions", defaults.Partitions),
        };
    }

    /// <inheritdoc/>
    protected override long EstimateBytes(Dataset data, AlsOptions options) => AlsTrainer.EstimateBytes(
        data.Users.Count, data.Items.Count, data.Interactions.Count, data.Interactions.HasValues, options);

    /// <inheritdoc/>
    protected override IRecommenderModel Train(
        Dataset data, AlsOptions options, IProgress<TrainingProgress>? progress, CancellationToken cancellationToken) =>
        AlsTrainer.Train(data, options, progress, cancellationToken);
}
