using System.Collections.Concurrent;
using Recsys.Engine.Als;
using Recsys.Engine.Compute;
using Recsys.Engine.Ease.Distributed;
using Recsys.Engine.Storage;

namespace Recsys.Grains.Training;

/// <summary>
/// What the partition grains of a silo share: its threads, and for each training what its partitions share
/// (<see cref="AlsSite"/>), opened by the first and dropped with the last.
/// </summary>
internal sealed class TrainingSite : IDisposable
{
    private readonly IGrainFactory _grains;
    private readonly ILocalSiloDetails _silo;
    private readonly ComputePool _pool;
    private readonly ConcurrentDictionary<string, Lazy<Task<AlsSite>>> _als = new();
    private readonly ConcurrentDictionary<string, Lazy<Task<EaseSite>>> _ease = new();
    private readonly ConcurrentDictionary<string, int> _users = new();

    public TrainingSite(IBlobStore store, IGrainFactory grains, ILocalSiloDetails silo, RecsysTrainingOptions options)
    {
        Store = store;
        _grains = grains;
        _silo = silo;
        Options = options;
        _pool = new ComputePool(options.Threads);
        Queue = new ComputeQueue(_pool);
    }

    public RecsysTrainingOptions Options { get; }

    public IBlobStore Store { get; }

    public ComputeQueue Queue { get; }

    public SiloAddress Silo => _silo.SiloAddress;

    public string SiloName => _silo.SiloAddress.ToString();

    /// <summary>The side, in keys of partitions of EASE.</summary>
    public const string EaseKind = "ease";

    /// <summary>What the keys of the state of an ALS training start with.</summary>
    public static string AlsPrefix(string training) => $"training/{training}/als/";

    /// <summary>What the keys of the state of an EASE training start with.</summary>
    public static string EasePrefix(string training) => $"training/{training}/ease/";

    /// <summary>A partition joins a training; to be followed by <see cref="Leave"/>.</summary>
    public void Join(string training) => _users.AddOrUpdate(training, 1, (_, n) => n + 1);

    /// <summary>What the partitions of an ALS training in this silo share.</summary>
    public Task<AlsSite> AlsAsync(string training) => OpenAsync(_als, training, OpenAlsAsync);

    /// <summary>What the partitions of an EASE training in this silo share.</summary>
    public Task<EaseSite> EaseAsync(string training) => OpenAsync(_ease, training, OpenEaseAsync);

    /// <summary>The same where a partition has opened it; null: none has.</summary>
    public EaseSite? FindEase(string training) =>
        _ease.TryGetValue(training, out var site) && site is { IsValueCreated: true, Value.IsCompletedSuccessfully: true } ? site.Value.Result : null;

    /// <summary>
    /// A partition leaves. Scratch memory is left to the collector: something that was cancelled may not have stopped yet.
    /// </summary>
    public void Leave(string training)
    {
        if (_users.AddOrUpdate(training, 0, (_, n) => n - 1) <= 0)
        {
            _users.TryRemove(new(training, 0));
            _als.TryRemove(training, out _);
            _ease.TryRemove(training, out _);
        }
    }

    public void Dispose()
    {
        Queue.Dispose();
        _pool.Dispose();
    }

    private static Task<T> OpenAsync<T>(ConcurrentDictionary<string, Lazy<Task<T>>> sites, string training, Func<string, Task<T>> open)
    {
        var site = sites.GetOrAdd(training, Begin);
        if (site.Value.IsFaulted || site.Value.IsCanceled)
        {
            sites.TryUpdate(training, Begin(training), site);
            site = sites.GetOrAdd(training, Begin);
        }

        return site.Value;

        Lazy<Task<T>> Begin(string id) => new(() => Task.Run(() => open(id)));
    }

    private async Task<AlsSite> OpenAlsAsync(string training)
    {
        var run = await AlsRun.LoadAsync(Store, AlsPrefix(training));
        var coordinator = _grains.GetGrain<ITrainingCoordinatorGrain>(training);
        AlsSite? site = null;
        site = new AlsSite(
            run,
            Store,
            Queue,
            (kind, index) => new RemoteFactorPartition(_grains, new PartitionKey(training, kind, index), Options)
            {
                Received = (rows, bytes) =>
                {
                    if (rows.Silo != SiloName)
                    {
                        site!.CountReceived(rows.Rows!.Phase, bytes);
                        TrainingMeter.Received.Add(bytes, new KeyValuePair<string, object?>("side", kind));
                    }
                },
            },
            phase => Transient.CallAsync(
                () => coordinator.GetGramAsync(phase), Options.Patience, $"the coordinator of training {training}", CancellationToken.None));
        return site;
    }

    private async Task<EaseSite> OpenEaseAsync(string training)
    {
        var stored = await StoredEase.LoadAsync(Store, EasePrefix(training));
        var partitions = Enumerable.Range(0, stored.Plan.Partitions).Select(i =>
            new RemoteEasePartition(_grains.GetGrain<IEasePartitionGrain>(new PartitionKey(training, EaseKind, i).ToString())));
        var data = await ClusterDataset.Open(Store, stored.Data).LoadAsync();
        return new EaseSite(stored.OpenHost(data, Store, Queue), [.. partitions], data);
    }
}
