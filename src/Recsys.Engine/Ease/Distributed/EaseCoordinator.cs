using System.Diagnostics;
using Recsys.Engine.Compute;

namespace Recsys.Engine.Ease.Distributed;

/// <summary>
/// The training loop of EASE over partitions, wherever they are. It sees plans, steps and reports only, never a number of the
/// matrix: Gram, sweep of all pivot blocks (with checkpoints), exchange, weights. When a partition is lost all go back to
/// the last checkpoint that all have, or to the Gram matrix, in a new attempt; the model is the same.
/// </summary>
public sealed class EaseCoordinator
{
    // A guess until the first checkpoint has been measured.
    private const double CheckpointBytesPerSecond = 1e8;
    private const int FirstSegment = 4;

    private readonly EasePlan _plan;
    private readonly EaseLayout _layout;
    private readonly EaseRunOptions _options;
    private readonly IReadOnlyList<IEasePartition> _partitions;
    private int _attempt;
    private EaseReport[] _reports = [];

    /// <summary>A loop over the partitions of a plan.</summary>
    public EaseCoordinator(EasePlan plan, IReadOnlyList<IEasePartition> partitions, EaseRunOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(plan);
        ArgumentNullException.ThrowIfNull(partitions);
        plan.Validate();
        if (partitions.Count != plan.Partitions)
        {
            throw new RecsysException($"EASE: {partitions.Count} partitions given, the plan is for {plan.Partitions}");
        }

        _plan = plan;
        _layout = new EaseLayout(plan);
        _partitions = partitions;
        _options = options ?? new EaseRunOptions();
    }

    /// <summary>Trains from the interactions. Afterwards the partitions hold B.</summary>
    /// <exception cref="Numerics.NotPositiveDefiniteException">G is not positive definite in float32: raise λ.</exception>
    /// <exception cref="RecsysException">A partition refused, or was lost too often; or a later coordinator has taken over.</exception>
    public Task<EaseOutcome> RunAsync(IProgress<TrainingProgress>? progress, CancellationToken cancellationToken) =>
        DriveAsync(true, progress, cancellationToken);

    /// <summary>
    /// Goes on where an earlier coordinator of the same plan was lost, or was cancelled: with the partitions as they stand, where
    /// they stand together, else from the last checkpoint all have, else from the interactions.
    /// </summary>
    /// <inheritdoc cref="RunAsync"/>
    public Task<EaseOutcome> ResumeAsync(IProgress<TrainingProgress>? progress, CancellationToken cancellationToken) =>
        DriveAsync(false, progress, cancellationToken);

    /// <summary>Frees what the partitions hold of the training, and deletes its checkpoints.</summary>
    public Task EndAsync(CancellationToken cancellationToken) => EndAsync(true, cancellationToken);

    private async Task<EaseOutcome> DriveAsync(bool fresh, IProgress<TrainingProgress>? progress, CancellationToken cancellationToken)
    {
        long start = Stopwatch.GetTimestamp();
        try
        {
            for (int attempt = 1; ; attempt++)
            {
                try
                {
                    await AttemptAsync(fresh && attempt == 1, !fresh && attempt == 1, progress, cancellationToken);
                    var costs = _reports.Aggregate(new EaseCosts(0, 0, 0, 0, 0, 0), (sum, report) => sum + report.Costs);
                    return new EaseOutcome(_attempt, Stopwatch.GetElapsedTime(start).TotalSeconds, costs);
                }
                catch (PartitionUnreachableException e) when (attempt < _options.MaxAttempts)
                {
                    progress?.Report(new TrainingProgress("recovery", attempt, _options.MaxAttempts, Detail: e.Message));
                    await Task.Delay(Math.Min(1000, 20 << attempt), cancellationToken);
                }
            }
        }
        catch
        {
            // What has failed or was cancelled need not go on; what cannot be reached ends with its process.
            try
            {
                using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(10));
                await EndAsync(false, patience.Token);
            }
            catch (Exception e) when (e is RecsysException or OperationCanceledException)
            {
            }

            throw;
        }
    }

    private async Task AttemptAsync(bool fresh, bool inPlace, IProgress<TrainingProgress>? progress, CancellationToken cancellationToken)
    {
        _reports = await AllAsync((p, ct) => p.ReportAsync(0, ct), cancellationToken);
        var involved = _reports.Where(r => r.Training == _plan.Training).ToArray();
        int highest = _reports.Max(r => r.Attempt);
        int pivots;

        // Of those that are on their way it is not known where to; without checkpoints it is the end.
        if (inPlace && involved.Length == _partitions.Count
            && involved.All(r => r.Attempt == highest && r.Failure is null && r.Stage >= EaseStage.Swept && !(r.Running && _options.Checkpoints)))
        {
            _attempt = highest;
            pivots = involved.Min(r => r.Pivots);
        }
        else
        {
            _attempt = Math.Max(_attempt, highest) + 1;
            pivots = await BeginAsync(fresh, progress, cancellationToken);
        }

        await SweepAsync(pivots, progress, cancellationToken);
        await StepAsync(EasePhase.Exchange, 0, "exchange", progress, cancellationToken);
        await StepAsync(EasePhase.Weights, 0, "weights", progress, cancellationToken);
    }

    // All from the last checkpoint all have, or from the interactions. Returns the pivots swept.
    private async Task<int> BeginAsync(bool fresh, IProgress<TrainingProgress>? progress, CancellationToken cancellationToken)
    {
        _reports = await AllAsync((p, ct) => p.BeginAsync(_plan, _attempt, fresh, ct), cancellationToken);
        foreach (var report in _reports)
        {
            Check(report);
        }

        int common = _options.Checkpoints
            ? _reports.Select(r => r.Checkpoints).Aggregate((a, b) => [.. a.Intersect(b)]).DefaultIfEmpty(0).Max()
            : 0;
        await StepAsync(common > 0 ? EasePhase.Restore : EasePhase.Gram, common, "gram", progress, cancellationToken);
        return common;
    }

    private async Task SweepAsync(int pivots, IProgress<TrainingProgress>? progress, CancellationToken cancellationToken)
    {
        double checkpoint = EaseTraffic.CheckpointBytes(_layout) / CheckpointBytesPerSecond;
        double sinceSave = 0;
        double perPivot = 0;
        while (pivots < _layout.Chunks)
        {
            int segment = !_options.Checkpoints ? _layout.Chunks
                : _options.CheckpointEvery > 0 ? _options.CheckpointEvery
                : perPivot == 0 ? FirstSegment
                : (int)Math.Clamp(((checkpoint / _options.CheckpointShare) - sinceSave) / perPivot, 1, _layout.Chunks);
            int next = Math.Min(_layout.Chunks, pivots + segment);
            long start = Stopwatch.GetTimestamp();
            await StepAsync(EasePhase.Sweep, next, "inverse", progress, cancellationToken);
            double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
            perPivot = seconds / (next - pivots);
            sinceSave += seconds;
            pivots = next;
            if (_options.Checkpoints && (_options.CheckpointEvery > 0 || sinceSave >= 0.9 * checkpoint / _options.CheckpointShare))
            {
                start = Stopwatch.GetTimestamp();
                await StepAsync(EasePhase.Save, pivots, "checkpoint", progress, cancellationToken);
                checkpoint = Math.Max(1e-3, Stopwatch.GetElapsedTime(start).TotalSeconds);
                sinceSave = 0;
            }
        }
    }

    // Starts a step everywhere and waits until it is done everywhere.
    private async Task StepAsync(
        EasePhase phase, int pivots, string name, IProgress<TrainingProgress>? progress, CancellationToken cancellationToken)
    {
        var step = new EaseStep(_plan.Training, _attempt, phase, pivots);
        _reports = await AllAsync((p, ct) => p.StartAsync(step, ct), cancellationToken);
        (long Done, long Total) told = default;
        while (true)
        {
            foreach (var report in _reports)
            {
                Check(report);
            }

            var now = phase == EasePhase.Sweep
                ? (_reports.Min(r => r.Stage > EaseStage.Swept ? _layout.Chunks : r.Pivots), _layout.Chunks)
                : (_reports.Count(r => r.HasDone(step)), _partitions.Count);
            if (now != told)
            {
                told = now;
                progress?.Report(new TrainingProgress(name, now.Item1, now.Item2));
            }

            if (_reports.All(r => r.HasDone(step)))
            {
                return;
            }

            _reports = await Task.WhenAll(_reports.Select((r, i) => r.HasDone(step) ? Task.FromResult(r) : AdvanceAsync(i, step, cancellationToken)));
        }
    }

    // A partition that has stopped before the end was asked to stop there: it is asked to go on.
    private async Task<EaseReport> AdvanceAsync(int partition, EaseStep step, CancellationToken cancellationToken) =>
        await EaseCalls.MakeAsync(
            ct => _reports[partition].Running
                ? _partitions[partition].ReportAsync(EaseCalls.WaitMilliseconds, ct)
                : _partitions[partition].StartAsync(step, ct),
            $"partition {partition}",
            cancellationToken);

    private void Check(EaseReport report)
    {
        if (report.Training != _plan.Training || report.Attempt < _attempt)
        {
            throw new PartitionUnreachableException($"EASE: partition {report.Partition} has lost its part of training '{_plan.Training}'");
        }

        if (report.Attempt > _attempt)
        {
            throw new RecsysException($"EASE: another coordinator has taken over training '{_plan.Training}', at attempt {report.Attempt}");
        }

        if (report.Failure is { } failure)
        {
            throw failure.Lasting ? failure.ToException() : new PartitionUnreachableException(failure.Message);
        }
    }

    private Task<EaseReport[]> AllAsync(Func<IEasePartition, CancellationToken, Task<EaseReport>> call, CancellationToken cancellationToken) =>
        Task.WhenAll(_partitions.Select((p, i) => EaseCalls.MakeAsync(ct => call(p, ct), $"partition {i}", cancellationToken)));

    private Task EndAsync(bool deleteCheckpoints, CancellationToken cancellationToken) =>
        Task.WhenAll(_partitions.Select((p, i) => EaseCalls.MakeAsync(
            async ct =>
            {
                await p.EndAsync(_plan.Training, _attempt, deleteCheckpoints, ct);
                return true;
            },
            $"partition {i}",
            cancellationToken)));
}
