using Recsys.Engine.Storage;

namespace Recsys.Engine.Als;

/// <summary>
/// A <see cref="FactorPartition"/> that survives its process: it reads its rows from a stored data set, keeps its factors in
/// the blob store after the half-epochs whose position says so, and one opened elsewhere goes on from them. It prepares its rows
/// by itself when it is asked for them. Its computing goes through the queue of its site; calls may overlap.
/// </summary>
public sealed class StoredFactorPartition : IStoredFactorPartition, IDisposable
{
    private readonly AlsSite _site;
    private readonly FactorPartition _partition;
    private readonly PartitionRows _rows;
    private readonly bool _users;
    private readonly IFactorSource _otherSide;
    private readonly FactorCheckpoint _checkpoint;
    private readonly SemaphoreSlim _saving = new(1);
    private readonly SemaphoreSlim _restoring = new(1);
    private readonly Lock _gate = new();
    private CancellationTokenSource _work = new();
    private (int Phase, Task Task) _whitening = (-1, Task.CompletedTask);
    private (int Phase, Task<HalfEpochReport>? Task) _solving = (-1, null);
    private int _saved;
    private long _attempt;
    private volatile bool _torn;

    private StoredFactorPartition(AlsSite site, PartitionRows rows, IFactorSource otherSide, string prefix)
    {
        _site = site;
        _rows = rows;
        _users = rows.Kind == "user";
        _otherSide = otherSide;
        _partition = new FactorPartition(site.Host, rows, otherSide);
        _checkpoint = new FactorCheckpoint(site.Store, prefix);
    }

    /// <summary>Number of rows.</summary>
    public int Rows => _rows.Count;

    /// <summary>The half-epoch whose factors it holds; 0 for the initial ones, −1 where only some of them could be restored.</summary>
    public int Phase => _torn ? -1 : _partition.SolvedPhase;

    private bool IsWhole => !_torn && _partition.BegunPhase == _partition.SolvedPhase;

    /// <inheritdoc/>
    public Task InitializeAsync(CancellationToken cancellationToken) => Run(() => _partition.InitializeAsync(cancellationToken), cancellationToken);

    /// <inheritdoc/>
    public Task<IReadOnlyList<GramPart>> GramAsync(int phase, CancellationToken cancellationToken)
    {
        Require(phase);
        return _site.Queue.RunAsync(
            () =>
            {
                Require(phase); // what was before it in the queue may have changed them
                return _partition.GramAsync(phase, cancellationToken).GetAwaiter().GetResult();
            },
            cancellationToken);
    }

    /// <inheritdoc/>
    public Task WhitenAsync(int phase, Lazy<AlsBasis> basis, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            if (_whitening.Phase != phase || _whitening.Task.IsFaulted || _whitening.Task.IsCanceled)
            {
                Require(phase - 1);
                _whitening = (phase, Run(() => WhitenNow(phase, basis), CancellationToken.None));
            }

            return _whitening.Task.WaitAsync(cancellationToken);
        }
    }

    private Task WhitenNow(int phase, Lazy<AlsBasis> basis)
    {
        Require(phase - 1); // what was before it in the queue may have changed them
        return _partition.WhitenAsync(phase, basis, CancellationToken.None);
    }

    /// <inheritdoc/>
    public Task<HalfEpochReport> SolveAsync(HalfEpoch halfEpoch, Lazy<AlsBasis> basis, CancellationToken cancellationToken)
    {
        _site.Begin(halfEpoch.Attempt);
        lock (_gate)
        {
            Admit(halfEpoch.Attempt);
            if (halfEpoch.Phase < _solving.Phase)
            {
                throw Behind(AlsSchedule.HeldAt(_users, halfEpoch.Phase - 1));
            }

            if (halfEpoch.Phase > _solving.Phase || _solving.Task is null or { IsFaulted: true } or { IsCanceled: true })
            {
                if (!IsAt(halfEpoch.Phase - 1))
                {
                    throw Behind(AlsSchedule.HeldAt(_users, halfEpoch.Phase - 1));
                }

                _solving = (halfEpoch.Phase, SolveAndSaveAsync(halfEpoch, basis, _work.Token, cancellationToken));
            }

            return _solving.Task!;
        }
    }

    /// <inheritdoc/>
    public async ValueTask<FactorBlock> GetWhitenedAsync(
        int phase, int block, int firstRow, int maxRows, RowSelection? wanted, CancellationToken cancellationToken)
    {
        if (_partition.WhitenedPhase != phase)
        {
            await WhitenAsync(phase, new Lazy<AlsBasis>(await _site.BasisAsync(phase, cancellationToken)), cancellationToken);
        }

        return await _partition.GetWhitenedAsync(phase, block, firstRow, maxRows, wanted, cancellationToken);
    }

    /// <inheritdoc/>
    public ValueTask<FactorBlock> GetFactorsAsync(int block, int firstRow, int maxRows, CancellationToken cancellationToken) =>
        _partition.GetFactorsAsync(block, firstRow, maxRows, cancellationToken);

    /// <inheritdoc/>
    public ValueTask PutFactorsAsync(FactorBlock rows, CancellationToken cancellationToken) =>
        _partition.PutFactorsAsync(rows, cancellationToken);

    /// <inheritdoc/>
    public async Task BeginAsync(long attempt, CancellationToken cancellationToken)
    {
        _site.Begin(attempt);
        await _restoring.WaitAsync(cancellationToken);
        try
        {
            CancellationTokenSource work;
            lock (_gate)
            {
                if (attempt == _attempt)
                {
                    return;
                }

                Admit(attempt);
                work = _work;
            }

            await work.CancelAsync(); // not under the lock: who waits for the work goes on from here
            await EndWorkAsync();
        }
        finally
        {
            _restoring.Release();
        }
    }

    /// <inheritdoc/>
    public async Task RestoreAsync(int phase, long attempt, CancellationToken cancellationToken)
    {
        _site.Begin(attempt);
        await _restoring.WaitAsync(cancellationToken);
        try
        {
            lock (_gate)
            {
                Admit(attempt);
            }

            if (!IsAt(phase))
            {
                // In the queue: nothing reads or writes the factors meanwhile.
                await Run(() => ReplaceAsync(phase, cancellationToken), cancellationToken);
            }
        }
        finally
        {
            _restoring.Release();
        }
    }

    /// <summary>
    /// Stores the factors as they are, so that nobody has to go back when the partition moves. What is being solved is waited
    /// for; where that is given up, nothing is stored.
    /// </summary>
    public async Task SaveAsync(CancellationToken cancellationToken)
    {
        var solving = _solving.Task;
        if (solving is not null)
        {
            await ((Task)solving).WaitAsync(cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
        }

        if (solving is { IsCompletedSuccessfully: true } && IsWhole && _solving.Phase == Phase && _saved != Phase)
        {
            await SaveAsync(Phase, solving.Result, needed: 0, cancellationToken);
        }
    }

    /// <summary>Ends what it does.</summary>
    public void Dispose() => _work.Cancel();

    /// <summary>Reads rows and the latest factors.</summary>
    internal static async Task<StoredFactorPartition> OpenAsync(
        AlsSite site, string kind, int index, FactorSource otherSide, CancellationToken cancellationToken)
    {
        int partitions = site.Run.Options.Partitions;
        var rows = await ClusterDataset.Open(site.Store, site.Run.Data).ReadAsync(
            kind, VirtualBlocks.FirstBlock(index, partitions), VirtualBlocks.FirstBlock(index + 1, partitions), cancellationToken);
        otherSide.Need(rows);
        var partition = new StoredFactorPartition(site, rows, otherSide, site.Run.PartitionPrefix(kind, index));
        if (await partition._checkpoint.RestoreAsync(partition._partition, phase: null, cancellationToken) is var (phase, report))
        {
            partition.Hold(phase, report);
        }
        else
        {
            await partition.InitializeAsync(cancellationToken);
        }

        return partition;
    }

    private async Task<HalfEpochReport> SolveAndSaveAsync(HalfEpoch halfEpoch, Lazy<AlsBasis> basis, CancellationToken work, CancellationToken cancellationToken)
    {
        // The other side's rows are fetched before the turn at the queue is taken: the wait is not on its thread.
        await Task.Yield();
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(work, cancellationToken);
        var report = await SolveByTableAsync(
            halfEpoch, basis, await _otherSide.HoldAsync(halfEpoch.Phase, cancellationToken, linked.Token), linked.Token);
        if (halfEpoch.Store)
        {
            await SaveAsync(halfEpoch.Phase, report, AlsSchedule.HeldAt(_users, halfEpoch.Checkpoint), linked.Token);
        }

        return report;
    }

    // The caller holds the table; here it is let go of.
    private async Task<HalfEpochReport> SolveByTableAsync(HalfEpoch halfEpoch, Lazy<AlsBasis> basis, FactorTable table, CancellationToken cancellationToken)
    {
        try
        {
            return await _site.Queue.RunAsync(() => _partition.Solve(halfEpoch, basis.Value, table, cancellationToken), cancellationToken);
        }
        finally
        {
            table.Release();
        }
    }

    private async Task SaveAsync(int phase, HalfEpochReport report, int needed, CancellationToken cancellationToken)
    {
        await _saving.WaitAsync(cancellationToken);
        try
        {
            await _checkpoint.SaveAsync(_partition, phase, report, needed, cancellationToken);
            _saved = phase;
        }
        finally
        {
            _saving.Release();
        }
    }

    /// <summary>Whether the factors are those of a position, or what a solve of the next half-epoch has made of them so far.</summary>
    private bool IsAt(int position)
    {
        bool next = AlsSchedule.SolvesUsers(position + 1) == _users;
        return Phase == AlsSchedule.HeldAt(_users, position)
            ? IsWhole || (next && _partition.BegunPhase == position + 1)
            : next && IsWhole && Phase == position + 1;
    }

    /// <summary>Takes the factors of a position for those it has.</summary>
    private async Task ReplaceAsync(int position, CancellationToken cancellationToken)
    {
        int held = AlsSchedule.HeldAt(_users, position);
        lock (_gate)
        {
            _whitening = (-1, Task.CompletedTask);
            _solving = (-1, null);
        }

        // What fails on the way leaves factors of several half-epochs.
        _torn = true;
        if (held == 0)
        {
            await _partition.RestartAsync(cancellationToken);
        }
        else if (!_site.Matters(_users, position))
        {
            _partition.Forget(held);
        }
        else if (await _checkpoint.RestoreAsync(_partition, held, cancellationToken) is var (_, report))
        {
            Hold(held, report);
        }
        else
        {
            throw Behind(held);
        }

        _torn = false;
    }

    /// <summary>The factors are those of a checkpoint.</summary>
    private void Hold(int phase, HalfEpochReport report)
    {
        lock (_gate)
        {
            _partition.Forget(phase);
            _solving = (phase, Task.FromResult(report));
            _saved = phase;
        }
    }

    /// <summary>Waits until what was told to end has ended. What was solved to its end stays so.</summary>
    private async Task EndWorkAsync()
    {
        await _whitening.Task.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await ((Task?)_solving.Task ?? Task.CompletedTask).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        lock (_gate)
        {
            _work = new CancellationTokenSource();
            if (_solving.Task is not { IsCompletedSuccessfully: true })
            {
                _solving = (-1, null);
            }
        }
    }

    /// <summary>Refuses what belongs to an earlier attempt. One opened after all had begun an attempt takes part in it when it hears of it.</summary>
    private void Admit(long attempt)
    {
        if (attempt < _attempt)
        {
            throw new RecsysException($"ALS: {_rows.Kind} partition from block {_rows.FirstBlock} works for a later coordinator of the training");
        }

        _attempt = attempt;
    }

    /// <summary>Refuses to work on other factors than all those of half-epoch <paramref name="held"/>.</summary>
    private void Require(int held)
    {
        if (Phase != held || !IsWhole)
        {
            throw Behind(held);
        }
    }

    private PartitionBehindException Behind(int phase) =>
        new($"ALS: {_rows.Kind} partition from block {_rows.FirstBlock} has the factors of phase {Phase}, not {phase}");

    private async Task Run(Func<Task> work, CancellationToken cancellationToken) =>
        await _site.Queue.RunAsync(
            () =>
            {
                work().GetAwaiter().GetResult();
                return 0;
            },
            cancellationToken);
}
