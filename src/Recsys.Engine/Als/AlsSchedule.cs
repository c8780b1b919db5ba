namespace Recsys.Engine.Als;

/// <summary>
/// The half-epochs of a training run: users and items in turn, users first, and at the end the users once more, exactly,
/// so that their factors are what fold-in gives for their history and the final items.
/// </summary>
/// <param name="options">Training options.</param>
/// <param name="problem">What is known of the data.</param>
public sealed class AlsSchedule(AlsOptions options, AlsProblem problem)
{
    /// <summary>The number of half-epochs, the last one included.</summary>
    public int Phases => (2 * options.Iterations) + 1;

    /// <summary>Whether half-epoch <paramref name="phase"/>, from 1, solves users.</summary>
    public static bool SolvesUsers(int phase) => (phase & 1) == 1;

    /// <summary>
    /// The half-epoch whose result a side's factors are at the position after half-epoch <paramref name="position"/>; 0: the initial ones.
    /// </summary>
    public static int HeldAt(bool users, int position) => SolvesUsers(position) == users ? position : Math.Max(0, position - 1);

    /// <summary>Whether the factors of a side still count at a position: the users' do not before they are solved for the last time.</summary>
    public bool Matters(bool users, int position) => !users || position != Phases - 1;

    /// <summary>Half-epoch <paramref name="phase"/>.</summary>
    public HalfEpoch HalfEpoch(int phase) => new(
        phase, phase == Phases ? AlsSolver.Cholesky : options.Solver, WithLoss: !SolvesUsers(phase), WithGram: phase < Phases);

    /// <summary>The basis of half-epoch <paramref name="phase"/>: the same bits wherever it is computed.</summary>
    /// <param name="phase">The half-epoch.</param>
    /// <param name="gram">The Gram matrix of the side it holds fixed.</param>
    /// <exception cref="Numerics.NotPositiveDefiniteException">λ is too small.</exception>
    public AlsBasis Basis(int phase, GramMatrix gram)
    {
        bool users = SolvesUsers(phase);
        int held = users ? problem.Items : problem.Users;

        // A row with interactions has one at least: no row has less regularization than that.
        double ridge = options.RegularizationExponent < 0
            ? options.RowRegularization(held, held)
            : options.RowRegularization(1, held);
        string sample = users ? $"user '{problem.SampleUser}'" : $"item '{problem.SampleItem}'";
        return AlsBasis.Create(gram, options.GramWeight, ridge, options.RegularizationExponent != 0, $"ALS: the system of {sample}");
    }
}
