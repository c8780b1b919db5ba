using System.Collections.Concurrent;
using Recsys.Engine.Compute;
using Recsys.Engine.Numerics;
using Recsys.Engine.Storage;

namespace Recsys.Engine.Als;

/// <summary>
/// What the partitions of one process share in a stored training run: threads, scratch memory, the basis of the half-epoch,
/// and the other side's rows, of which the process fetches each that it needs once a half-epoch.
/// </summary>
public sealed class AlsSite : IDisposable
{
    // 2 MB a call: within what a message may hold, and enough that its costs vanish.
    private const int ChunkBytes = 2 << 20;

    private readonly FactorSource _users;
    private readonly FactorSource _items;
    private readonly AlsSchedule _schedule;
    private readonly Func<int, Task<GramMatrix?>> _gram;
    private readonly ConcurrentDictionary<int, long> _received = new();
    private readonly Lock _gate = new();
    private (int Phase, Task<AlsBasis> Task) _basis = (-1, null!);
    private long _attempt;

    /// <summary>A process that takes part in a run.</summary>
    /// <param name="run">The run.</param>
    /// <param name="store">Where its state is.</param>
    /// <param name="queue">Threads, which the site does not own.</param>
    /// <param name="owner">How to reach the partition of a side ("user" or "item") and number.</param>
    /// <param name="gram">Asks the coordinator for the Gram matrix of a half-epoch (<see cref="StoredAlsTraining.Gram"/>).</param>
    public AlsSite(
        AlsRun run,
        IBlobStore store,
        ComputeQueue queue,
        Func<string, int, IFactorPartition> owner,
        Func<int, Task<GramMatrix?>> gram)
    {
        _gram = gram;
        Run = run;
        Store = store;
        Queue = queue;
        Host = new FactorHost(run.Options, queue.Pool, VectorWidth.Level(run.VectorBits));
        _schedule = new AlsSchedule(run.Options, run.Problem);
        int chunkRows = ChunkRows(run.Options);
        _users = new FactorSource(run.Options.Factors, run.Data.UserBlocks, Owners("user"), chunkRows);
        _items = new FactorSource(run.Options.Factors, run.Data.ItemBlocks, Owners("item"), chunkRows);

        IFactorPartition[] Owners(string kind)
        {
            var partitions = Enumerable.Range(0, run.Options.Partitions).Select(i => owner(kind, i)).ToArray();
            return [.. Enumerable.Range(0, VirtualBlocks.Count).Select(b => partitions[run.Owner(b)])];
        }
    }

    /// <summary>The run.</summary>
    public AlsRun Run { get; }

    /// <summary>Where its state is.</summary>
    public IBlobStore Store { get; }

    /// <summary>The threads.</summary>
    public ComputeQueue Queue { get; }

    /// <summary>Options and scratch memory.</summary>
    internal FactorHost Host { get; }

    /// <summary>Opens a partition in this process, as of its last finished half-epoch.</summary>
    /// <exception cref="RecsysException">Its rows or factors are missing or altered.</exception>
    public Task<StoredFactorPartition> OpenPartitionAsync(string kind, int index, CancellationToken cancellationToken = default) =>
        StoredFactorPartition.OpenAsync(this, kind, index, SourceFor(kind), cancellationToken);

    /// <summary>The half-epoch of that number.</summary>
    public HalfEpoch HalfEpoch(int phase) => _schedule.HalfEpoch(phase);

    /// <summary>The basis of a half-epoch, of the coordinator's Gram matrix; asked for and computed once a process.</summary>
    /// <exception cref="PartitionBehindException">The training is at another half-epoch.</exception>
    public Task<AlsBasis> BasisAsync(int phase, CancellationToken cancellationToken = default)
    {
        lock (_gate)
        {
            if (_basis.Phase != phase || _basis.Task.IsFaulted || _basis.Task.IsCanceled)
            {
                _basis = (phase, Task.Run(() => ComputeAsync(phase), CancellationToken.None));
            }

            return _basis.Task.WaitAsync(cancellationToken);
        }
    }

    /// <summary>A partition of this process begins an attempt: what was fetched in an earlier one is not used in it.</summary>
    internal void Begin(long attempt)
    {
        lock (_gate)
        {
            if (attempt > _attempt)
            {
                _attempt = attempt;
                _basis = (-1, null!);
                _users.Drop();
                _items.Drop();
            }
        }
    }

    /// <summary>Told of bytes of factors that came from another process.</summary>
    public void CountReceived(int phase, long bytes) => _received.AddOrUpdate(phase, bytes, (_, sum) => sum + bytes);

    /// <summary>Bytes of factors that came from other processes for a half-epoch.</summary>
    public long Received(int phase) => _received.GetValueOrDefault(phase);

    /// <summary>Rows of each block of the other side that this process has fetched for its partitions of a side ("user" or "item").</summary>
    public IReadOnlyList<int> Needed(string kind) => SourceFor(kind).Needed;

    /// <summary>Frees scratch memory. The partitions must not compute any more.</summary>
    public void Dispose()
    {
        _users.Dispose();
        _items.Dispose();
        Host.Dispose();
        RecycledMemory.Shared.Trim();
    }

    /// <summary>Most rows asked for in one call.</summary>
    internal static int ChunkRows(AlsOptions options) => Math.Max(1, ChunkBytes / (((options.Factors + 15) & ~15) * sizeof(float)));

    /// <summary>Where the partitions of a side get the other side's rows.</summary>
    private FactorSource SourceFor(string kind) => kind == "user" ? _items : _users;

    /// <summary>Whether a side's factors count at a position.</summary>
    internal bool Matters(bool users, int position) => _schedule.Matters(users, position);

    private async Task<AlsBasis> ComputeAsync(int phase) => _schedule.Basis(
        phase,
        await _gram(phase).ConfigureAwait(false)
            ?? throw new PartitionBehindException($"ALS: the training is not at half-epoch {phase}"));
}
