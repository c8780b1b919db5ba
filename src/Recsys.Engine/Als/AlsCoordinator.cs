using System.Diagnostics;
using System.Globalization;
using Recsys.Engine.Compute;

namespace Recsys.Engine.Als;

/// <summary>
/// The training loop over partitions, wherever they are. It sees phases, Gram matrices, losses and progress only, never a
/// factor row. An iteration is one half-epoch of users and one of items; each is: Gram of the fixed side, its basis, the
/// fixed side whitened, the other side solved.
/// </summary>
public sealed class AlsCoordinator
{
    private readonly AlsOptions _options;
    private readonly AlsProblem _problem;
    private readonly IReadOnlyList<IFactorPartition> _users;
    private readonly IReadOnlyList<IFactorPartition> _items;

    /// <summary>A loop over the partitions of users and of items.</summary>
    public AlsCoordinator(
        AlsOptions options, AlsProblem problem, IReadOnlyList<IFactorPartition> users, IReadOnlyList<IFactorPartition> items)
    {
        options.Validate();
        _options = options;
        _problem = problem;
        _users = users;
        _items = items;
    }

    /// <summary>Whether users are solved once more after the last iteration.</summary>
    internal bool FinishUsers { get; init; } = true;

    /// <summary>Trains from the seeded start. Returns the loss after each iteration.</summary>
    public async Task<IReadOnlyList<double>> RunAsync(IProgress<TrainingProgress>? progress, CancellationToken cancellationToken)
    {
        await Task.WhenAll(_users.Select(p => p.InitializeAsync(cancellationToken)));
        await Task.WhenAll(_items.Select(p => p.InitializeAsync(cancellationToken)));
        return await ResumeAsync(0, progress, cancellationToken);
    }

    /// <summary>
    /// Goes on after <paramref name="completed"/> iterations, whose factors the partitions hold: users' as of phase
    /// 2·completed − 1, items' as of phase 2·completed (see <see cref="IFactorPartition.PutFactorsAsync"/>). The model becomes
    /// that of a run without the interruption. Returns the losses of the iterations it ran.
    /// </summary>
    public async Task<IReadOnlyList<double>> ResumeAsync(
        int completed, IProgress<TrainingProgress>? progress, CancellationToken cancellationToken)
    {
        var losses = new List<double>(_options.Iterations);
        var items = await GramAsync(_items, cancellationToken);
        int phase = 2 * completed;
        for (int iteration = completed + 1; iteration <= _options.Iterations; iteration++)
        {
            long start = Stopwatch.GetTimestamp();
            var userReports = await SolveUsersAsync(new HalfEpoch(++phase, _options.Solver, false), items, cancellationToken);
            var users = await GramAsync(_users, cancellationToken);
            var itemReports = await SolveItemsAsync(new HalfEpoch(++phase, _options.Solver, true), users, cancellationToken);
            items = await GramAsync(_items, cancellationToken);

            // Σ over all pairs of g·score² is g⟨PᵀP, QᵀQ⟩; what the observed pairs add came with the item reports.
            double loss = (_options.GramWeight * GramMatrix.Inner(users, items))
                + Sum(itemReports, r => r.DataLoss) + Sum(itemReports, r => r.Penalty) + Sum(userReports, r => r.Penalty);
            losses.Add(loss);
            progress?.Report(new TrainingProgress(
                "iteration",
                iteration,
                _options.Iterations,
                loss,
                string.Create(CultureInfo.InvariantCulture, $"{Stopwatch.GetElapsedTime(start).TotalSeconds:F3} s")));
        }

        if (FinishUsers)
        {
            // The users once more, exactly: their factors then are what fold-in gives for their history and the final items.
            await SolveUsersAsync(new HalfEpoch(++phase, AlsSolver.Cholesky, false), items, cancellationToken);
        }

        return losses;
    }

    private static double Sum(IEnumerable<HalfEpochReport> reports, Func<HalfEpochReport, double[]> values)
    {
        // Block by block, so that partitions do not show in the last bits.
        double sum = 0;
        foreach (var report in reports.OrderBy(r => r.FirstBlock))
        {
            foreach (double value in values(report))
            {
                sum += value;
            }
        }

        return sum;
    }

    private static async Task<GramMatrix> GramAsync(IReadOnlyList<IFactorPartition> side, CancellationToken cancellationToken)
    {
        var parts = await Task.WhenAll(side.Select(p => p.GramAsync(cancellationToken)));
        return GramTree.Total(parts.SelectMany(p => p));
    }

    private Task<HalfEpochReport[]> SolveUsersAsync(HalfEpoch halfEpoch, GramMatrix items, CancellationToken cancellationToken) =>
        SolveAsync(halfEpoch, items, _users, _items, _problem.Items, $"user '{_problem.SampleUser}'", cancellationToken);

    private Task<HalfEpochReport[]> SolveItemsAsync(HalfEpoch halfEpoch, GramMatrix users, CancellationToken cancellationToken) =>
        SolveAsync(halfEpoch, users, _items, _users, _problem.Users, $"item '{_problem.SampleItem}'", cancellationToken);

    private async Task<HalfEpochReport[]> SolveAsync(
        HalfEpoch halfEpoch,
        GramMatrix gram,
        IReadOnlyList<IFactorPartition> solved,
        IReadOnlyList<IFactorPartition> held,
        int heldRows,
        string sample,
        CancellationToken cancellationToken)
    {
        // A row with interactions has one at least: no row has less regularization than that.
        double ridge = _options.RegularizationExponent < 0
            ? _options.RowRegularization(heldRows, heldRows)
            : _options.RowRegularization(1, heldRows);
        var basis = AlsBasis.Create(
            gram, _options.GramWeight, ridge, _options.RegularizationExponent != 0, $"ALS: the system of {sample}");
        await Task.WhenAll(held.Select(p => p.WhitenAsync(halfEpoch.Phase, basis, cancellationToken)));
        return await Task.WhenAll(solved.Select(p => p.SolveAsync(halfEpoch, basis, cancellationToken)));
    }
}
