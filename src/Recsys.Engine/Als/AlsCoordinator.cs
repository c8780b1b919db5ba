using System.Diagnostics;
using System.Globalization;
using Recsys.Engine.Compute;

namespace Recsys.Engine.Als;

/// <summary>
/// The training loop over partitions, wherever they are. It sees phases, Gram matrices, losses and progress only, never a
/// factor row. An iteration is one half-epoch of users and one of items; each is: the basis of the fixed side's Gram matrix, the
/// fixed side whitened, the other side solved, and its Gram matrix.
/// </summary>
public sealed class AlsCoordinator
{
    private readonly AlsOptions _options;
    private readonly AlsSchedule _schedule;
    private readonly IReadOnlyList<IFactorPartition> _users;
    private readonly IReadOnlyList<IFactorPartition> _items;

    /// <summary>A loop over the partitions of users and of items.</summary>
    public AlsCoordinator(
        AlsOptions options, AlsProblem problem, IReadOnlyList<IFactorPartition> users, IReadOnlyList<IFactorPartition> items)
    {
        options.Validate();
        _options = options;
        _schedule = new AlsSchedule(options, problem);
        _users = users;
        _items = items;
    }

    /// <summary>
    /// Called after the start and after each half-epoch; what it does (keep the position, move partitions) is done before
    /// the next half-epoch begins. Returns the position to go on from: it may say what is to be stored.
    /// </summary>
    public Func<AlsPosition, CancellationToken, Task<AlsPosition>>? Reached { get; init; }

    /// <summary>The attempt its half-epochs belong to (<see cref="HalfEpoch.Attempt"/>).</summary>
    internal long Attempt { get; set; }

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
        var position = new AlsPosition(2 * completed, null, await GramAsync(_items, 2 * completed, null, cancellationToken), 0, []);
        position = await TellAsync(position, cancellationToken);
        return await ResumeAsync(position, progress, cancellationToken);
    }

    /// <summary>
    /// Goes on from a position. The partitions hold the factors they had there; those of the side solved next may be
    /// further, through that half-epoch. Returns the losses of all iterations, those before the position included.
    /// </summary>
    public async Task<IReadOnlyList<double>> ResumeAsync(
        AlsPosition position, IProgress<TrainingProgress>? progress, CancellationToken cancellationToken)
    {
        long start = Stopwatch.GetTimestamp();
        while (position.Phase < 2 * _options.Iterations)
        {
            int phase = position.Phase + 1;
            var reports = await SolveAsync(position, cancellationToken);
            if (AlsSchedule.SolvesUsers(phase))
            {
                position = position with
                {
                    Phase = phase,
                    Users = await GramAsync(_users, phase, reports, cancellationToken),
                    UserPenalty = Sum(reports, r => r.Penalty),
                };
                position = await TellAsync(position, cancellationToken);
                continue;
            }

            var items = await GramAsync(_items, phase, reports, cancellationToken);

            // Σ over all pairs of g·score² is g⟨PᵀP, QᵀQ⟩; what the observed pairs add came with the item reports.
            double loss = (_options.GramWeight * GramMatrix.Inner(position.Users!, items))
                + Sum(reports, r => r.DataLoss) + Sum(reports, r => r.Penalty) + position.UserPenalty;
            position = position with { Phase = phase, Items = items, Losses = [.. position.Losses, loss] };
            position = await TellAsync(position, cancellationToken);
            progress?.Report(new TrainingProgress(
                "iteration",
                phase / 2,
                _options.Iterations,
                loss,
                string.Create(CultureInfo.InvariantCulture, $"{Stopwatch.GetElapsedTime(start).TotalSeconds:F3} s")));
            start = Stopwatch.GetTimestamp();
        }

        if (FinishUsers && position.Phase < _schedule.Phases)
        {
            await SolveAsync(position, cancellationToken);
            await TellAsync(position with { Phase = _schedule.Phases }, cancellationToken);
        }

        return position.Losses;
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

    /// <summary>The Gram matrix of a side, of what came with the reports and what has to be asked for.</summary>
    private static async Task<GramMatrix> GramAsync(
        IReadOnlyList<IFactorPartition> side, int phase, HalfEpochReport[]? reports, CancellationToken cancellationToken)
    {
        var parts = await AllAsync(side.Select((p, i) => reports?[i].Grams is { } known ? Task.FromResult(known) : p.GramAsync(phase, cancellationToken)));
        return GramTree.Total(parts.SelectMany(p => p));
    }

    /// <summary>All of them; where several fail, one that is behind is the cause of the others.</summary>
    private static async Task<T[]> AllAsync<T>(IEnumerable<Task<T>> calls)
    {
        var all = Task.WhenAll(calls);
        try
        {
            return await all;
        }
        catch when (all.Exception?.InnerExceptions.OfType<PartitionBehindException>().FirstOrDefault() is { } behind)
        {
            throw behind;
        }
    }

    private Task<AlsPosition> TellAsync(AlsPosition position, CancellationToken cancellationToken) =>
        Reached?.Invoke(position, cancellationToken) ?? Task.FromResult(position);

    /// <summary>The half-epoch after a position.</summary>
    private async Task<HalfEpochReport[]> SolveAsync(AlsPosition position, CancellationToken cancellationToken)
    {
        int phase = position.Phase + 1;
        var halfEpoch = _schedule.HalfEpoch(phase) with { Store = position.SaveNext, Checkpoint = position.Checkpoint, Attempt = Attempt };
        var (solved, held) = AlsSchedule.SolvesUsers(phase) ? (_users, _items) : (_items, _users);
        var basis = new Lazy<AlsBasis>(() => _schedule.Basis(phase, position.NextGram));
        await AllAsync(held.Select(async p =>
        {
            await p.WhitenAsync(phase, basis, cancellationToken);
            return true;
        }));
        return await AllAsync(solved.Select(p => p.SolveAsync(halfEpoch, basis, cancellationToken)));
    }
}
