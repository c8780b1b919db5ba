using Recsys.Engine.Compute;
using Recsys.Engine.Data;
using Recsys.Engine.Storage;

namespace Recsys.Engine.Ease.Distributed;

/// <summary>Partitions in this process, on one host or on several as if these were machines.</summary>
internal sealed class LocalEase : IAsyncDisposable
{
    private readonly Dataset _data;
    private readonly EaseHost[] _hosts;
    private readonly ComputeQueue[] _queues;
    private readonly EasePartition[] _owned;
    private readonly IEasePartition[] _reached;

    /// <param name="training">The training's id.</param>
    /// <param name="data">The data.</param>
    /// <param name="options">Training options.</param>
    /// <param name="partitions">Number of partitions.</param>
    /// <param name="hosts">Number of hosts they are dealt out to.</param>
    /// <param name="pool">Threads, shared by the hosts.</param>
    /// <param name="checkpoints">Where blocks are kept.</param>
    /// <param name="wire">
    /// What stands between a partition and those that call it from elsewhere, given a way to find the partition: another one may
    /// have taken its place. Not given: nothing.
    /// </param>
    /// <param name="poolOf">Threads of each host, where they do not share one pool.</param>
    public LocalEase(
        string training,
        Dataset data,
        EaseOptions options,
        int partitions,
        int hosts,
        ComputePool pool,
        IBlobStore? checkpoints = null,
        Func<Func<EasePartition>, IEasePartition>? wire = null,
        Func<int, ComputePool>? poolOf = null)
    {
        _data = data;
        Plan = EasePlan.Create(training, data, options, partitions);
        _hosts = new EaseHost[hosts];
        _queues = new ComputeQueue[hosts];
        for (int h = 0; h < hosts; h++)
        {
            _queues[h] = new ComputeQueue(poolOf?.Invoke(h) ?? pool);
            var store = checkpoints is null ? null : new EaseCheckpoints(checkpoints, $"training/{training}/ease/");
            _hosts[h] = new EaseHost(data.Interactions, _queues[h], store);
        }

        _reached = new IEasePartition[partitions];
        _owned = new EasePartition[partitions];
        for (int p = 0; p < partitions; p++)
        {
            _owned[p] = new EasePartition(p, _hosts[HostOf(p)], _reached);
            int index = p;
            _reached[p] = wire?.Invoke(() => _owned[index]) ?? _owned[p];
        }
    }

    public EasePlan Plan { get; }

    /// <summary>The partitions as callers reach them.</summary>
    public IReadOnlyList<IEasePartition> Partitions => _reached;

    /// <summary>The partitions themselves.</summary>
    public IReadOnlyList<EasePartition> Owned => _owned;

    public int HostOf(int partition) => partition % _hosts.Length;

    /// <summary>A partition is lost with all it has, and an empty one takes its place.</summary>
    public async Task LoseAsync(int partition)
    {
        var lost = _owned[partition];
        _owned[partition] = new EasePartition(partition, _hosts[HostOf(partition)], _reached);
        if (_reached[partition] == lost)
        {
            _reached[partition] = _owned[partition];
        }

        await lost.DisposeAsync();
    }

    /// <summary>The model; taken from the partition, where one has it all, or copied.</summary>
    public Task<EaseModel> CollectAsync(EaseOutcome outcome, bool take = false) =>
        EaseAssembly.CollectAsync(Plan, outcome, _reached, _data, "", take ? _hosts[0] : null, default);

    public async ValueTask DisposeAsync()
    {
        foreach (var partition in _owned)
        {
            await partition.DisposeAsync();
        }

        foreach (var host in _hosts)
        {
            host.Dispose();
        }

        Array.ForEach(_queues, q => q.Dispose());
    }
}
