using System.Collections.Concurrent;
using Recsys.Engine.Als;
using Recsys.Engine.Compute;
using Recsys.Engine.Data;
using Recsys.Engine.Numerics;
using Recsys.Engine.Storage;

namespace Recsys.Engine.Tests.Als;

/// <summary>Some sites in this process; a partition lives on one of them and is opened again on the next when it is lost.</summary>
internal sealed class FakeCluster : IDisposable
{
    private readonly AlsRun _run;
    private readonly AlsCheckpointRule? _checkpoints;
    private readonly AlsSite[] _sites;
    private readonly ComputePool _pool = new(1);
    private readonly ComputeQueue[] _queues;
    private readonly ConcurrentDictionary<(string, int), (int Site, Task<StoredFactorPartition> Partition)> _open = new();
    private int _generation;
    private bool _lost;

    private FakeCluster(IBlobStore store, AlsRun run, int sites, AlsCheckpointRule? checkpoints)
    {
        _run = run;
        _checkpoints = checkpoints;
        Store = store;
        Training = Follow();
        _queues = [.. Enumerable.Range(0, sites).Select(_ => new ComputeQueue(_pool))];
        _sites =
        [
            .. _queues.Select(q => new AlsSite(
                run, store, q, (kind, index) => new Remote(this, kind, index), phase => Task.FromResult(Training.Gram(phase)))),
        ];
        Users = [.. Enumerable.Range(0, run.Options.Partitions).Select(i => new Remote(this, "user", i))];
        Items = [.. Enumerable.Range(0, run.Options.Partitions).Select(i => new Remote(this, "item", i))];
    }

    public IBlobStore Store { get; }

    /// <summary>The coordinator.</summary>
    public StoredAlsTraining Training { get; private set; }

    public IReadOnlyList<IStoredFactorPartition> Users { get; }

    public IReadOnlyList<IStoredFactorPartition> Items { get; }

    public int SolvesLeft { get; set; } = int.MaxValue;

    public static async Task<FakeCluster> CreateAsync(
        Dataset data, AlsOptions options, int sites, int? vectorBits = null, AlsCheckpointRule? checkpoints = null, IBlobStore? store = null)
    {
        store ??= new MemoryBlobStore();
        var stored = await ClusterDataset.SaveAsync(store, "d", data);
        var run = new AlsRun("training/t/", stored.Facts, options) { VectorBits = vectorBits ?? VectorWidth.Bits };
        await run.SaveAsync(store);
        return new FakeCluster(store, run, sites, checkpoints);
    }

    public Task<AlsModel> TrainAsync(int loseAt = -1, int leaveAt = -1) =>
        Training.TrainAsync(
            Users,
            Items,
            () => 1,
            async (position, isNew, _) =>
            {
                if (position.Phase == leaveAt && isNew)
                {
                    await LeaveAsync(1);
                }

                if (position.Phase == loseAt && !_lost)
                {
                    _lost = true;
                    Lose(1);
                }
            });

    /// <summary>Another coordinator; the one before may be at work still.</summary>
    public StoredAlsTraining Follow() => Training = new StoredAlsTraining(_run, Store, _checkpoints);

    /// <summary>The partitions of a site come up elsewhere; nobody has told those that are lost.</summary>
    public void Lose(int site)
    {
        _generation++;
        foreach (var (key, place) in _open)
        {
            if (place.Site == site)
            {
                _open.TryRemove(key, out _);
            }
        }
    }

    public async Task LeaveAsync(int site)
    {
        foreach (var place in _open.Values.Where(p => p.Site == site).ToList())
        {
            await (await place.Partition).SaveAsync(default);
        }

        Lose(site);
    }

    public void Dispose()
    {
        Array.ForEach(_queues, q => q.Dispose());
        _pool.Dispose();
        Array.ForEach(_sites, s => s.Dispose());
    }

    private Task<StoredFactorPartition> Open(string kind, int index) => _open.GetOrAdd(
        (kind, index),
        _ =>
        {
            int site = (index + _generation) % _sites.Length;
            return (site, _sites[site].OpenPartitionAsync(kind, index));
        }).Partition;

    private sealed class Remote(FakeCluster cluster, string kind, int index) : IStoredFactorPartition
    {
        public async Task BeginAsync(long attempt, CancellationToken cancellationToken) =>
            await (await cluster.Open(kind, index)).BeginAsync(attempt, cancellationToken);

        public async Task RestoreAsync(int phase, long attempt, CancellationToken cancellationToken) =>
            await (await cluster.Open(kind, index)).RestoreAsync(phase, attempt, cancellationToken);

        public async Task InitializeAsync(CancellationToken cancellationToken) =>
            await (await cluster.Open(kind, index)).InitializeAsync(cancellationToken);

        public async Task<IReadOnlyList<GramPart>> GramAsync(int phase, CancellationToken cancellationToken) =>
            await (await cluster.Open(kind, index)).GramAsync(phase, cancellationToken);

        public async Task WhitenAsync(int phase, Lazy<AlsBasis> basis, CancellationToken cancellationToken) =>
            await (await cluster.Open(kind, index)).WhitenAsync(phase, basis, cancellationToken);

        public async Task<HalfEpochReport> SolveAsync(HalfEpoch halfEpoch, Lazy<AlsBasis> basis, CancellationToken cancellationToken)
        {
            if (cluster.SolvesLeft-- <= 0)
            {
                throw new TimeoutException();
            }

            return await (await cluster.Open(kind, index)).SolveAsync(halfEpoch, basis, cancellationToken);
        }

        public async ValueTask<FactorBlock> GetWhitenedAsync(int phase, int block, int firstRow, int maxRows, RowSelection? wanted, CancellationToken cancellationToken)
        {
            // As after a wire, but whoever reads a row that was not asked for is found out.
            var rows = await (await cluster.Open(kind, index)).GetWhitenedAsync(phase, block, firstRow, maxRows, wanted, cancellationToken);
            var copy = new DenseMatrix(rows.Rows, rows.Factors);
            for (int r = 0; r < rows.Rows; r++)
            {
                copy.Row(r).Fill(float.NaN);
                if (wanted!.Contains(r))
                {
                    rows.Row(r).CopyTo(copy.Row(r));
                }
            }

            return FactorBlock.Own(phase, rows.Block, rows.FirstRow, copy, rows.Wanted);
        }

        public async ValueTask<FactorBlock> GetFactorsAsync(int block, int firstRow, int maxRows, CancellationToken cancellationToken) =>
            await (await cluster.Open(kind, index)).GetFactorsAsync(block, firstRow, maxRows, cancellationToken);

        public ValueTask PutFactorsAsync(FactorBlock rows, CancellationToken cancellationToken) => throw new NotSupportedException();
    }
}
