using Recsys.Engine.Compute;
using Recsys.Engine.Data;
using Recsys.Engine.Models;
using Recsys.Engine.Storage;

namespace Recsys.Engine.Als;

/// <summary>Implicit ALS by option names.</summary>
public sealed class AlsAlgorithm : IAlgorithm
{
    private static readonly AlsOptions Defaults = new();

    private static readonly Dictionary<string, AlsSolver> Solvers = new()
    {
        ["cholesky"] = AlsSolver.Cholesky,
        ["cg"] = AlsSolver.ConjugateGradient,
        ["subspace"] = AlsSolver.Subspace,
    };

    /// <inheritdoc/>
    public string Name => "als";

    /// <inheritdoc/>
    public string Summary => "implicit ALS: weighted matrix factorization, users and items solved in turn";

    /// <inheritdoc/>
    public IReadOnlyList<OptionDescription> Options { get; } =
    [
        new("factors", "K", FormattableString.Invariant($"factors of a user or item (default {Defaults.Factors})")),
        new("alpha", "A", "α: an interaction of weight f has confidence 1 + α f (default 10)"),
        new("regularization", "L", FormattableString.Invariant($"λ (default {Defaults.Regularization})")),
        new("iterations", "N", FormattableString.Invariant($"iterations, each one of users and of items (default {Defaults.Iterations})")),
        new("solver", "cholesky|cg|subspace", "how rows are solved while training (default cholesky, exact)"),
        new("cg-steps", "N", FormattableString.Invariant($"steps of conjugate gradients a row (default {Defaults.CgSteps})")),
        new("subspace-size", "N", FormattableString.Invariant($"factors solved together by subspace (default {Defaults.SubspaceSize})")),
        new("unobserved-weight", "W", "α₀, weight of all pairs: the objective of Rendle et al. 2021 instead of Hu et al. 2008"),
        new("regularization-exponent", "V", "ν: λ of a row grows with its weight to this power (default 0: all rows alike)"),
        new("init-stddev", "S", FormattableString.Invariant($"standard deviation of a row's initial length (default {Defaults.InitStdDev})")),
        OptionDescription.Seed,
        OptionDescription.Threads,
        OptionDescription.Partitions,
    ];

    /// <inheritdoc/>
    public long EstimateBytes(Dataset data, OptionBag options)
    {
        ArgumentNullException.ThrowIfNull(data);
        var x = data.Interactions;
        return AlsTrainer.EstimateBytes(data.Users.Count, data.Items.Count, x.Count, x.HasValues, Parse(options));
    }

    /// <inheritdoc/>
    public IRecommenderModel Train(
        Dataset data, OptionBag options, IProgress<TrainingProgress>? progress = null, CancellationToken cancellationToken = default) =>
        AlsTrainer.Train(data, Parse(options), progress, cancellationToken);

    /// <inheritdoc/>
    public IRecommenderModel Read(StoredModel stored)
    {
        ArgumentNullException.ThrowIfNull(stored);
        var tensors = stored.Tensors.Keys.ToDictionary(name => name, name => stored.Map(name));
        return AlsModel.FromContents(new ModelContents(stored.Facts, tensors, stored.Users, stored.Items, stored.Histories));
    }

    private AlsOptions Parse(OptionBag options)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.RequireKnown(this);
        var parsed = new AlsOptions
        {
            Factors = options.Int("factors", Defaults.Factors),
            Alpha = options.Text("alpha") is null ? null : options.Double("alpha", 0),
            Regularization = options.Double("regularization", Defaults.Regularization),
            RegularizationExponent = options.Double("regularization-exponent", Defaults.RegularizationExponent),
            UnobservedWeight = options.Text("unobserved-weight") is null ? null : options.Double("unobserved-weight", 0),
            Iterations = options.Int("iterations", Defaults.Iterations),
            Solver = options.Choice("solver", Defaults.Solver, Solvers),
            CgSteps = options.Int("cg-steps", Defaults.CgSteps),
            SubspaceSize = options.Int("subspace-size", Defaults.SubspaceSize),
            InitStdDev = options.Double("init-stddev", Defaults.InitStdDev),
            Seed = options.Int("seed", Defaults.Seed),
            Threads = options.Int("threads", Defaults.Threads),
            Partitions = options.Int("partitions", Defaults.Partitions),
        };
        parsed.Validate();
        return parsed;
    }
}
