using Recsys.Engine.Compute;

namespace Recsys.Engine.Ease.Distributed;

/// <summary>
/// A partition in this process: answers calls at once, and works on the threads of its host. For one training: calls that
/// name another are refused.
/// </summary>
public sealed partial class EasePartition : IEasePartition, IAsyncDisposable
{
    private readonly Lock _gate = new();
    private readonly SemaphoreSlim _beginning = new(1);
    private readonly int _index;
    private readonly EaseHost _host;
    private readonly IReadOnlyList<IEasePartition> _partitions;
    private EaseRun? _run;
    private EasePart? _part;
    private PublishedPanels _published = new();
    private Task _work = Task.CompletedTask;
    private EaseStep? _running;
    private EaseFailure? _failure;
    private EaseStage _stage;
    private int _pivots;
    private int _target;
    private int _ended;
    private int[] _checkpoints = [];

    /// <summary>An empty partition.</summary>
    /// <param name="index">Its number.</param>
    /// <param name="host">The host it is on, which finds it under that number from now on.</param>
    /// <param name="partitions">How to reach all of them, by number.</param>
    public EasePartition(int index, EaseHost host, IReadOnlyList<IEasePartition> partitions)
    {
        ArgumentNullException.ThrowIfNull(host);
        _index = index;
        _host = host;
        _partitions = partitions;
        host.Register(index, this);
    }

    /// <inheritdoc/>
    public async Task<EaseReport> BeginAsync(EasePlan plan, int attempt, bool fresh, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(plan);
        await _beginning.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            lock (_gate)
            {
                RequireTraining(plan.Training);
                if (attempt <= Math.Max(_ended, _run?.Attempt ?? 0))
                {
                    return Report();
                }
            }

            Check(plan);
            await StopAsync().ConfigureAwait(false);
            var layout = new EaseLayout(plan);
            long needed = EaseTraffic.PartitionBytes(layout, _index);
            if (needed > MemoryBudget.AvailableBytes())
            {
                // Panels of an earlier attempt may wait to be collected.
                GC.Collect();
                GC.WaitForPendingFinalizers();
            }

            MemoryBudget.Require(
                needed, $"EASE on {plan.Items} items, partition {_index} of {plan.Partitions}", "use more silos");
            int[] checkpoints = [];
            if (_host.Checkpoints is { } store)
            {
                if (fresh)
                {
                    await store.DeleteAsync(_index, int.MaxValue, cancellationToken).ConfigureAwait(false);
                }

                checkpoints = [.. await store.ListAsync(_index, cancellationToken).ConfigureAwait(false)];
            }

            lock (_gate)
            {
                _run = new EaseRun(plan, attempt, _host, _partitions);
                _published = new PublishedPanels();
                _part = new EasePart(_host, _run, _index, _published);
                _host.Panels.Begin(_run);
                _checkpoints = checkpoints;
                return Report();
            }
        }
        finally
        {
            _beginning.Release();
        }
    }

    /// <inheritdoc/>
    public Task<EaseReport> StartAsync(EaseStep step, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(step);
        lock (_gate)
        {
            if (_run is null || _part is null || _run.Plan.Training != step.Training || _run.Attempt < step.Attempt)
            {
                return Task.FromResult(Report());
            }

            if (_run.Attempt > step.Attempt)
            {
                throw new RecsysException($"EASE: partition {_index} is at attempt {_run.Attempt}, not {step.Attempt} any more");
            }

            if (_failure is not null || Report().HasDone(step))
            {
                return Task.FromResult(Report());
            }

            if (_running is not null)
            {
                if (_running.Phase != step.Phase || (step.Phase != EasePhase.Sweep && _running.Pivots != step.Pivots))
                {
                    throw OutOfOrder(step);
                }

                _target = Math.Max(_target, step.Pivots);
                return Task.FromResult(Report());
            }

            RequireOrder(step, _run.Layout.Chunks);
            _running = step;
            _target = step.Pivots;
            var (run, part) = (_run, _part);
            _work = Task.Run(() => WorkAsync(run, part, step), CancellationToken.None);
            return Task.FromResult(Report());
        }
    }

    /// <inheritdoc/>
    public async Task<EaseReport> ReportAsync(int waitMilliseconds, CancellationToken cancellationToken)
    {
        Task work;
        lock (_gate)
        {
            work = _work;
        }

        if (waitMilliseconds > 0)
        {
            await Task.WhenAny(work, Task.Delay(waitMilliseconds, cancellationToken)).ConfigureAwait(false);
        }

        lock (_gate)
        {
            return Report();
        }
    }

    /// <inheritdoc/>
    public async ValueTask<PanelBlock?> GetPivotAsync(
        string training, int attempt, int pivot, int waitMilliseconds, CancellationToken cancellationToken) =>
        Published(training, attempt) is { } published
            ? await published.PivotAsync(pivot, waitMilliseconds, cancellationToken).ConfigureAwait(false)
            : await NotYetAsync(waitMilliseconds, cancellationToken).ConfigureAwait(false);

    /// <inheritdoc/>
    public async ValueTask<PanelBlock?> GetPanelAsync(
        string training, int attempt, int pivot, int first, int count, int waitMilliseconds, CancellationToken cancellationToken) =>
        Published(training, attempt) is { } published
            ? await published.PanelAsync(pivot, first, count, waitMilliseconds, cancellationToken).ConfigureAwait(false)
            : await NotYetAsync(waitMilliseconds, cancellationToken).ConfigureAwait(false);

    /// <inheritdoc/>
    public ValueTask<PanelBlock> GetColumnsAsync(
        string training, int attempt, EaseStage stage, int firstRow, int maxRows, int columns, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            // The exchange leaves alone what others may ask for meanwhile: the lower triangle.
            bool swept = _stage is EaseStage.Swept or EaseStage.Exchanged && _run is not null && _pivots == _run.Layout.Chunks
                && _running?.Phase is not EasePhase.Weights;
            bool there = stage switch
            {
                EaseStage.Swept => swept,
                EaseStage.Finished => _stage == EaseStage.Finished,
                _ => false,
            };
            return _run is not null && _run.Is(training, attempt) && there
                ? ValueTask.FromResult(_part!.Copy(firstRow, maxRows, columns))
                : throw new PartitionUnreachableException($"EASE: partition {_index} has no columns of '{training}', attempt {attempt}, stage {stage}");
        }
    }

    /// <inheritdoc/>
    public Task<float[]> GetDiagonalAsync(string training, int attempt, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            return _run is not null && _run.Is(training, attempt) && _stage == EaseStage.Finished
                ? Task.FromResult(_part!.Diagonal)
                : throw new PartitionUnreachableException($"EASE: partition {_index} has no diagonal of '{training}', attempt {attempt}");
        }
    }

    /// <inheritdoc/>
    public async Task EndAsync(string training, int attempt, bool deleteCheckpoints, CancellationToken cancellationToken)
    {
        await _beginning.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            lock (_gate)
            {
                if ((_run is not null && _run.Plan.Training != training) || attempt < (_run?.Attempt ?? 0))
                {
                    return;
                }
            }

            await StopAsync().ConfigureAwait(false);
            lock (_gate)
            {
                _ended = Math.Max(_ended, attempt);
            }

            if (deleteCheckpoints && _host.Checkpoints is { } store)
            {
                await store.DeleteAsync(_index, int.MaxValue, cancellationToken).ConfigureAwait(false);
            }
        }
        finally
        {
            _beginning.Release();
        }
    }

    /// <summary>The finished columns, to be served from this process; they stay when the training ends.</summary>
    /// <exception cref="RecsysException">They are not finished.</exception>
    public EaseColumns ShareColumns()
    {
        lock (_gate)
        {
            return _stage == EaseStage.Finished
                ? new EaseColumns(_run!.Layout.ItemsOf(_index), _part!.Share(), _part.Diagonal)
                : throw new RecsysException($"EASE: the columns of partition {_index} are not finished");
        }
    }

    /// <summary>
    /// The finished columns of an attempt, given away: whoever takes them disposes them, and the partition has nothing of the training
    /// any more, like one that was lost. Null where they are not here.
    /// </summary>
    internal EaseColumns? TakeColumns(string training, int attempt)
    {
        lock (_gate)
        {
            if (_run is null || !_run.Is(training, attempt) || _stage != EaseStage.Finished)
            {
                return null;
            }

            // Calls that come late find nothing to work on.
            var taken = new EaseColumns(_run.Layout.ItemsOf(_index), _part!.Share(), _part.Diagonal);
            (_part, _stage, _pivots) = (null, EaseStage.Empty, 0);
            return taken;
        }
    }

    /// <summary>Stops the work and leaves the host.</summary>
    public async ValueTask DisposeAsync()
    {
        await StopAsync().ConfigureAwait(false);
        _host.Unregister(_index, this);
    }

    private static async Task<PanelBlock?> NotYetAsync(int waitMilliseconds, CancellationToken cancellationToken)
    {
        await Task.Delay(Math.Min(waitMilliseconds, 20), cancellationToken).ConfigureAwait(false);
        return null;
    }

    /// <summary>Ends the attempt. What it computes is not waited for longer than one loop of the pool takes to stop.</summary>
    private async Task StopAsync()
    {
        Task work;
        lock (_gate)
        {
            _run?.Stop();
            work = _work;
        }

        await work.ConfigureAwait(false);
        lock (_gate)
        {
            _part?.Dispose();
            _run?.Dispose();
            (_run, _part, _running, _failure) = (null, null, null, null);
            (_stage, _pivots, _checkpoints) = (EaseStage.Empty, 0, []);
        }
    }

    private void RequireOrder(EaseStep step, int chunks)
    {
        bool follows = step.Phase switch
        {
            EasePhase.Gram or EasePhase.Restore => _stage == EaseStage.Empty,
            EasePhase.Sweep => _stage == EaseStage.Swept && step.Pivots <= chunks,
            EasePhase.Save => _stage == EaseStage.Swept && _pivots == step.Pivots,
            EasePhase.Exchange => _stage == EaseStage.Swept && _pivots == chunks,
            _ => _stage == EaseStage.Exchanged,
        };
        if (!follows)
        {
            throw OutOfOrder(step);
        }
    }

    private RecsysException OutOfOrder(EaseStep step) => new(
        $"EASE: {step.Phase} {step.Pivots} does not follow what partition {_index} has: {_stage} {_pivots}{(_running is null ? "" : $", {_running.Phase} under way")}");

    private void RequireTraining(string training)
    {
        if (_run is not null && _run.Plan.Training != training)
        {
            throw new RecsysException($"EASE: partition {_index} works for training '{_run.Plan.Training}', not '{training}'");
        }
    }

    private void Check(EasePlan plan)
    {
        plan.Validate();
        if (plan.Items != _host.Users.Columns || plan.Interactions != _host.Users.Count)
        {
            throw new RecsysException(
                $"EASE: partition {_index} has {_host.Users.Count} interactions with {_host.Users.Columns} items, the training is on {plan.Interactions} with {plan.Items}");
        }

        if (_index >= plan.Partitions)
        {
            throw new RecsysException($"EASE: there is no partition {_index} of {plan.Partitions}");
        }
    }

    private PublishedPanels? Published(string training, int attempt)
    {
        lock (_gate)
        {
            if (_run is null || _run.Plan.Training != training || _run.Attempt < attempt)
            {
                return null;
            }

            return _run.Attempt == attempt
                ? _published
                : throw new RecsysException($"EASE: partition {_index} is at attempt {_run.Attempt}, not {attempt} any more");
        }
    }

    private EaseReport Report() => new(_index, _run?.Plan.Training ?? "", Math.Max(_ended, _run?.Attempt ?? 0), _stage, _pivots, _running is not null)
    {
        Failure = _failure,
        Checkpoints = _checkpoints,
        Costs = _part?.Costs ?? new EaseCosts(0, 0, 0, 0, 0, 0),
    };
}
