using Microsoft.Extensions.DependencyInjection;
using Orleans.Configuration;
using Orleans.Hosting;
using Orleans.Runtime;
using Orleans.TestingHost;
using Recsys.Engine.Als;
using Recsys.Engine.Data;
using Recsys.Engine.Ease.Distributed;
using Recsys.Engine.Models;
using Recsys.Engine.Serving;
using Recsys.Engine.Storage;
using Recsys.Grains.Training;
using Recsys.Grains.Wire;

namespace Recsys.Cluster.Tests.Training;

/// <summary>Silos in this process that train, over blobs and reminders that outlive them.</summary>
internal sealed class TrainingCluster : IAsyncDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("recsys-cluster-").FullName;

    private TrainingCluster()
    {
        Hooks = new TestHooks(this);
    }

    public MemoryBlobStore Store { get; } = new();

    public SharedReminders Reminders { get; } = new();

    public TestHooks Hooks { get; }

    public InProcessTestCluster Cluster { get; private set; } = null!;

    public static async Task<TrainingCluster> StartAsync(int silos, Action<RecsysTrainingOptions>? configure = null, Func<int, int>? vectorBits = null)
    {
        var made = new TrainingCluster();
        var builder = new InProcessTestClusterBuilder((short)silos);
        int started = -1;
        builder.ConfigureSilo((_, silo) =>
        {
            int number = Interlocked.Increment(ref started);
            silo.Services.AddSingleton<IBlobStore>(made.Store);
            silo.Services.AddSingleton<TrainingHooks>(s => new SiloHooks(made.Hooks, s.GetRequiredService<ILocalSiloDetails>()));
            silo.AddReminders();
            silo.Services.AddSingleton<IReminderTable>(made.Reminders);
            silo.Configure<ReminderOptions>(o =>
            {
                o.MinimumReminderPeriod = TimeSpan.FromMilliseconds(100);
                o.RefreshReminderListPeriod = TimeSpan.FromSeconds(1);
            });
            silo.Configure<SiloMessagingOptions>(o => o.ResponseTimeout = TimeSpan.FromSeconds(5));
            silo.AddRecsysTraining(o =>
            {
                o.Threads = 1;
                o.StepWait = TimeSpan.FromSeconds(1);
                o.ReminderPeriod = TimeSpan.FromSeconds(1);
                o.CoordinatorSilence = TimeSpan.FromMinutes(5);
                o.VectorBits = vectorBits?.Invoke(number) ?? o.VectorBits;
                configure?.Invoke(o);
            });
        });
        builder.ConfigureClient(client => client.Services.AddRecsysWire());
        made.Cluster = builder.Build();
        await made.Cluster.DeployAsync();
        return made;
    }

    public Task StoreAsync(string name, Dataset data) => ClusterDataset.SaveAsync(Store, name, data);

    public ITrainingCoordinatorGrain Training(string id) => Cluster.Client.GetGrain<ITrainingCoordinatorGrain>(id);

    /// <summary>Starts a training and follows it to its end, whatever happens to silos.</summary>
    public async Task<ClusterTrainingStatus> TrainAsync(string id, ClusterTrainingRequest request)
    {
        await Training(id).StartAsync(request);
        return await EndOfAsync(id);
    }

    /// <summary>The status of a training when it has ended. It only looks: looking must not be what brings a coordinator back.</summary>
    public async Task<ClusterTrainingStatus> EndOfAsync(string id, int seconds = 60)
    {
        var deadline = DateTime.UtcNow.AddSeconds(seconds);
        while (true)
        {
            var status = await new TrainingJournal(Store, id).ReadAsync(default);
            if (status is { Ended: true })
            {
                return status;
            }

            Assert.True(DateTime.UtcNow < deadline, $"training {id} does not end: {status}");
            await Task.Delay(50);
        }
    }

    public async Task<T> ModelAsync<T>(string name, string version)
        where T : IRecommenderModel
    {
        using var stored = await ModelBlobs.OpenAsync(Store, name, version, Path.Combine(_folder, "cache"));
        return (T)Algorithms.Get(stored.Facts.Algorithm).Read(stored);
    }

    public InProcessSiloHandle SiloOf(string address) => Cluster.Silos.Single(s => s.SiloAddress.ToString() == address);

    public async Task<InProcessSiloHandle> SiloOfCoordinatorAsync(string id)
    {
        var grain = Training(id);
        await grain.GetStatusAsync();
        return Cluster.Silos.Single(s => s.SiloAddress.Equals(AddressOf(grain)));
    }

    public async ValueTask DisposeAsync()
    {
        await Cluster.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    private SiloAddress? AddressOf(IAddressable grain) =>
        Cluster.TryGetGrainContext(grain.GetGrainId(), out var context) ? context.Address.SiloAddress : null;

    /// <summary>What the test does at a step; the silos are told apart.</summary>
    public sealed class TestHooks(TrainingCluster cluster)
    {
        private int _killed;

        /// <summary>Called at each step with the silo's address.</summary>
        public Func<string, PartitionKey, FactorStepKind, int, Task>? Step { get; set; }

        /// <summary>Called with the silo's address when a partition there is asked for rows of a half-epoch.</summary>
        public Func<string, int, Task>? Rows { get; set; }

        /// <summary>Called at each step of EASE with the silo's address.</summary>
        public Func<string, PartitionKey, EaseStep, Task>? EaseStep { get; set; }

        /// <summary>Called at each stage a coordinator has reached, with its silo's address.</summary>
        public Func<string, string, long, Task>? Reached { get; set; }

        public bool Killed => _killed > 0;

        /// <summary>How many silos may be killed.</summary>
        public int Kills { get; set; } = 1;

        /// <summary>Up to <see cref="Kills"/> times, ends a silo without notice. The caller, which runs there, gets no further.</summary>
        public async Task KillAsync(string silo)
        {
            if (Interlocked.Increment(ref _killed) <= Kills)
            {
                var handle = cluster.SiloOf(silo);
                _ = Task.Run(async () =>
                {
                    await cluster.Cluster.KillSiloAsync(handle);

                    // The others would notice by themselves; on a busy machine, quick probes would take living silos for dead.
                    var witness = cluster.Cluster.Silos[0].SiloHost.Services.GetRequiredService<IClusterMembershipService>();
                    await witness.TryKill(handle.SiloAddress);
                });
                await Task.Delay(Timeout.Infinite);
            }
        }
    }

    private sealed class SiloHooks(TestHooks test, ILocalSiloDetails silo) : TrainingHooks
    {
        public override Task StepAsync(PartitionKey partition, FactorStepKind kind, int phase) =>
            test.Step?.Invoke(silo.SiloAddress.ToString(), partition, kind, phase) ?? Task.CompletedTask;

        public override Task RowsAsync(PartitionKey partition, int phase) =>
            test.Rows?.Invoke(silo.SiloAddress.ToString(), phase) ?? Task.CompletedTask;

        public override Task EaseStepAsync(PartitionKey partition, EaseStep step) =>
            test.EaseStep?.Invoke(silo.SiloAddress.ToString(), partition, step) ?? Task.CompletedTask;

        public override Task ReachedAsync(string training, string stage, long number) =>
            test.Reached?.Invoke(silo.SiloAddress.ToString(), stage, number) ?? Task.CompletedTask;
    }
}
