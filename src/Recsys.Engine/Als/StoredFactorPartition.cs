using Recsys.Engine.Storage;

namespace Recsys.Engine.Als;

/// <summary>
/// A <see cref="FactorPartition"/> that survives its process: it reads its rows from a stored data set, keeps its factors
/// after every half-epoch in the blob store, and one opened elsewhere goes on from them. It prepares its rows by itself
/// when it is asked for them, so that nobody has to know that it was lost. Its computing goes through the queue of its
/// site; calls may overlap.
/// </summary>
public sealed class StoredFactorPartition : IFactorPartition
{
    private readonly AlsSite _site;
    private readonly FactorPartition _partition;
    private readonly PartitionRows _rows;
    private readonly IFactorSource _otherSide;
    private readonly FactorCheckpoint _checkpoint;
    private readonly Lock _gate = new();
    private (int Phase, Task Task) _whitening = (-1, Task.CompletedTask);
    private (int Phase, Task<HalfEpochReport>? Task) _solving = (-1, null);

    private StoredFactorPartition(AlsSite site, PartitionRows rows, IFactorSource otherSide, string prefix)
    {
        _site = site;
        _rows = rows;
        _otherSide = otherSide;
        _partition = new FactorPartition(site.Host, rows, otherSide);
        _checkpoint = new FactorCheckpoint(site.Store, prefix);
    }

    /// <summary>Number of rows.</summary>
    public int Rows => _rows.Count;

    /// <summary>The half-epoch whose factors it holds; 0 for the initial ones.</summary>
    public int Phase => _partition.SolvedPhase;

    /// <inheritdoc/>
    public Task InitializeAsync(CancellationToken cancellationToken) => Run(() => _partition.InitializeAsync(cancellationToken), cancellationToken);

    /// <inheritdoc/>
    public Task<IReadOnlyList<GramPart>> GramAsync(CancellationToken cancellationToken) =>
        _site.Queue.RunAsync(() => _partition.GramAsync(cancellationToken).GetAwaiter().GetResult(), cancellationToken);

    /// <inheritdoc/>
    public Task WhitenAsync(int phase, AlsBasis basis, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            if (_whitening.Phase < phase || (_whitening.Phase == phase && (_whitening.Task.IsFaulted || _whitening.Task.IsCanceled)))
            {
                _whitening = (phase, Run(() => _partition.WhitenAsync(phase, basis, CancellationToken.None), CancellationToken.None));
            }

            return _whitening.Task.WaitAsync(cancellationToken);
        }
    }

    /// <inheritdoc/>
    public Task<HalfEpochReport> SolveAsync(HalfEpoch halfEpoch, AlsBasis basis, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            if (halfEpoch.Phase < _solving.Phase)
            {
                throw new RecsysException($"ALS: {_rows.Kind} partition from block {_rows.FirstBlock} is past phase {halfEpoch.Phase}, at {_solving.Phase}");
            }

            if (halfEpoch.Phase > _solving.Phase || _solving.Task is null or { IsFaulted: true } or { IsCanceled: true })
            {
                _solving = (halfEpoch.Phase, SolveAndSaveAsync(halfEpoch, basis, cancellationToken));
            }

            return _solving.Task!;
        }
    }

    /// <inheritdoc/>
    public async ValueTask<FactorBlock> GetWhitenedAsync(int phase, int block, int firstRow, int maxRows, CancellationToken cancellationToken)
    {
        if (_partition.WhitenedPhase != phase && Phase < phase)
        {
            await WhitenAsync(phase, await _site.BasisAsync(phase, cancellationToken), cancellationToken);
        }

        return await _partition.GetWhitenedAsync(phase, block, firstRow, maxRows, cancellationToken);
    }

    /// <inheritdoc/>
    public ValueTask<FactorBlock> GetFactorsAsync(int block, int firstRow, int maxRows, CancellationToken cancellationToken) =>
        _partition.GetFactorsAsync(block, firstRow, maxRows, cancellationToken);

    /// <inheritdoc/>
    public ValueTask PutFactorsAsync(FactorBlock rows, CancellationToken cancellationToken) =>
        _partition.PutFactorsAsync(rows, cancellationToken);

    /// <summary>Reads rows and the latest factors.</summary>
    internal static async Task<StoredFactorPartition> OpenAsync(
        AlsSite site, string kind, int index, IFactorSource otherSide, CancellationToken cancellationToken)
    {
        int partitions = site.Run.Options.Partitions;
        var rows = await ClusterDataset.Open(site.Store, site.Run.Data).ReadAsync(
            kind, VirtualBlocks.FirstBlock(index, partitions), VirtualBlocks.FirstBlock(index + 1, partitions), cancellationToken);
        var partition = new StoredFactorPartition(site, rows, otherSide, site.Run.PartitionPrefix(kind, index));
        if (await partition._checkpoint.RestoreAsync(partition._partition, cancellationToken) is var (phase, report))
        {
            partition._solving = (phase, Task.FromResult(report));
        }
        else
        {
            await partition.InitializeAsync(cancellationToken);
        }

        return partition;
    }

    private async Task<HalfEpochReport> SolveAndSaveAsync(HalfEpoch halfEpoch, AlsBasis basis, CancellationToken cancellationToken)
    {
        // The other side's rows are fetched before the turn at the queue is taken: the wait is not on its thread.
        await Task.Yield();
        var table = await _otherSide.GetAsync(halfEpoch.Phase, cancellationToken);
        var report = await _site.Queue.RunAsync(() => _partition.Solve(halfEpoch, basis, table, cancellationToken), cancellationToken);
        await _checkpoint.SaveAsync(_partition, halfEpoch.Phase, report, cancellationToken);
        return report;
    }

    private async Task Run(Func<Task> work, CancellationToken cancellationToken) =>
        await _site.Queue.RunAsync(
            () =>
            {
                work().GetAwaiter().GetResult();
                return 0;
            },
            cancellationToken);
}
