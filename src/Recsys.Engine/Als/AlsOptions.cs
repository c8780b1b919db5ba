using Recsys.Engine.Data;
using Recsys.Engine.Models;

namespace Recsys.Engine.Als;

/// <summary>
/// Options of implicit ALS. The loss is
/// Σ_{u,i} c_ui (r_ui − p_u·q_i)² + λ (Σ_u w_u‖p_u‖² + Σ_i w_i‖q_i‖²), r = 1 where the weight f of the pair is positive,
/// else 0 (Hu, Koren and Volinsky 2008). Without <see cref="UnobservedWeight"/>, c = 1 + α|f|. With it (α₀), the loss is
/// that of Rendle et al. 2021: Σ_{observed} α|f| (r − p·q)² + α₀ Σ_{all pairs} (p·q)² + the same regularization.
/// w = (n + α₀·N)^ν, n the row's interactions, N the rows of the other side; without UnobservedWeight α₀ = 1/α.
/// The two are one model: (α₀, λ) equals α = 1/α₀ and λ·(1 + α₀)/α₀, its factors larger by √(1 + α₀).
/// </summary>
public sealed record AlsOptions : IAlgorithmOptions
{
    /// <summary>Number of factors k.</summary>
    public int Factors { get; init; } = 128;

    /// <summary>α; not set: 10 (<see cref="For(Dataset)"/> chooses one for the data), or 1 with <see cref="UnobservedWeight"/>.</summary>
    public double? Alpha { get; init; }

    /// <summary>λ.</summary>
    public double Regularization { get; init; } = 60;

    /// <summary>ν: 0 for the same regularization of every row, 1 for regularization in proportion to its weight.</summary>
    public double RegularizationExponent { get; init; }

    /// <summary>α₀, the weight of all pairs in the form of Rendle et al.; not set: the form of Hu et al.</summary>
    public double? UnobservedWeight { get; init; }

    /// <summary>Iterations, each one half-epoch of users and one of items.</summary>
    public int Iterations { get; init; } = 15;

    /// <summary>How rows are solved while training. Fold-in is always exact.</summary>
    public AlsSolver Solver { get; init; } = AlsSolver.Cholesky;

    /// <summary>Steps of conjugate gradients a row and half-epoch.</summary>
    public int CgSteps { get; init; } = 3;

    /// <summary>Coordinates solved together by <see cref="AlsSolver.Subspace"/>.</summary>
    public int SubspaceSize { get; init; } = 64;

    /// <summary>Standard deviation of a row's initial length: every factor starts as a normal number of this over √k.</summary>
    public double InitStdDev { get; init; } = 0.1;

    /// <summary>Seed of the initial factors.</summary>
    public int Seed { get; init; } = 42;

    /// <summary>Threads; 0: one per processor. The model does not depend on it.</summary>
    public int Threads { get; init; }

    /// <summary>Partitions a side, 1 to 64. The model does not depend on it.</summary>
    public int Partitions { get; init; } = 1;

    /// <summary>
    /// Options whose α and λ are chosen for a data set's size (the rule and its figures: docs/tuning.md), as the command
    /// line does where none are given.
    /// </summary>
    /// <exception cref="RecsysException">The data has no interaction.</exception>
    public static AlsOptions For(Dataset data) => For(DataShape.Of(data), new AlsOptions(), true);

    /// <summary>The same with α from the data unless it is given, and λ likewise if <paramref name="chooseRegularization"/>.</summary>
    internal static AlsOptions For(DataShape shape, AlsOptions given, bool chooseRegularization)
    {
        var options = given.Alpha is null && given.UnobservedWeight is null ? given with { Alpha = AlsDefaults.Alpha(shape) } : given;
        return chooseRegularization ? options with { Regularization = AlsDefaults.Regularization(shape, options) } : options;
    }

    /// <summary>α in effect.</summary>
    internal double EffectiveAlpha => Alpha ?? (UnobservedWeight is null ? 10 : 1);

    /// <summary>Weight of the Gram matrix: 1, or α₀.</summary>
    internal double GramWeight => UnobservedWeight ?? 1;

    /// <summary>Refuses what cannot be served.</summary>
    /// <exception cref="InvalidOptionException">An option is out of its range.</exception>
    public void Validate()
    {
        Require(Factors is >= 1 and <= 4096, $"factors: {Factors}; expected 1 to 4096");
        Require(Alpha is not { } a || (double.IsFinite(a) && a >= 0), $"alpha: {Alpha}; expected a number ≥ 0");
        Require(double.IsFinite(Regularization) && Regularization >= 0, $"regularization: {Regularization}; expected a number ≥ 0");
        Require(double.IsFinite(RegularizationExponent), $"regularization exponent: {RegularizationExponent}; expected a number");
        Require(UnobservedWeight is not { } w || (double.IsFinite(w) && w > 0), $"unobserved weight: {UnobservedWeight}; expected a number > 0");
        Require(
            RegularizationExponent == 0 || UnobservedWeight is not null || EffectiveAlpha > 0,
            "regularization exponent: it needs alpha > 0 or an unobserved weight");
        Require(Iterations >= 1, $"iterations: {Iterations}; expected at least 1");
        Require(Enum.IsDefined(Solver), $"solver: {Solver}; expected cholesky, cg or subspace");
        Require(CgSteps >= 1, $"cg steps: {CgSteps}; expected at least 1");
        Require(SubspaceSize >= 1, $"subspace size: {SubspaceSize}; expected at least 1");
        Require(double.IsFinite(InitStdDev) && InitStdDev > 0, $"init stddev: {InitStdDev}; expected a number > 0");
        Require(Threads is >= 0 and <= 1024, $"threads: {Threads}; expected 0 to 1024");
        Require(
            Partitions is >= 1 and <= VirtualBlocks.Count,
            $"partitions: {Partitions}; expected 1 to {VirtualBlocks.Count}");
    }

    /// <summary>λ w of a row with <paramref name="interactions"/> where the other side has <paramref name="others"/> rows.</summary>
    internal double RowRegularization(long interactions, long others) =>
        RegularizationExponent == 0
            ? Regularization
            : Regularization * Math.Pow(interactions + ((UnobservedWeight ?? (1 / EffectiveAlpha)) * others), RegularizationExponent);

    private static void Require(bool holds, string message)
    {
        if (!holds)
        {
            throw new InvalidOptionException(message);
        }
    }
}
