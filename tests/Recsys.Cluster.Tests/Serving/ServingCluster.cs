using Microsoft.Extensions.DependencyInjection;
using Orleans.Configuration;
using Orleans.TestingHost;
using Recsys.Engine.Als;
using Recsys.Engine.Data;
using Recsys.Engine.Data.Synthetic;
using Recsys.Engine.Ease;
using Recsys.Engine.Models;
using Recsys.Engine.Online.Partitioned;
using Recsys.Engine.Serving;
using Recsys.Engine.Storage;
using Recsys.Grains.Events;
using Recsys.Grains.Serving;
using Recsys.Grains.Wire;

namespace Recsys.Cluster.Tests.Serving;

/// <summary>A cluster in this process that serves and takes events, its durable side in memory outside the silos.</summary>
internal sealed class ServingCluster : IAsyncDisposable
{
    public const int EventPartitions = 5;
    public const int ItemPartitions = 3;

    public static readonly EventPartitionOptions Events = new() { SnapshotEvents = 500, MicroBatchDelay = TimeSpan.FromMilliseconds(20) };

    private readonly string _folder = Directory.CreateTempSubdirectory("recsys-serving-").FullName;

    private ServingCluster()
    {
    }

    public MemoryJournals Journals { get; } = new();

    public SlowBlobs Blobs { get; } = new();

    public InProcessTestCluster Cluster { get; private set; } = null!;

    public IClusterClient Client => Cluster.Client;

    public ClusterRecommender Recommender => new(Client);

    /// <summary>A shop of 300 readers and 200 books.</summary>
    public static Dataset Data { get; } =
        SyntheticCatalogue.Create(new SyntheticOptions { Users = 300, Items = 200, MedianHistory = 12, Seed = 3 }).Data;

    /// <param name="silos">How many.</param>
    /// <param name="configure">Other options.</param>
    /// <param name="files">Whether journals and blobs are files, as on one machine.</param>
    public static async Task<ServingCluster> StartAsync(int silos, Action<RecsysServingOptions>? configure = null, bool files = false)
    {
        var started = new ServingCluster();
        var builder = new InProcessTestClusterBuilder((short)silos);
        builder.Options.ConfigureFileLogging = false;
        builder.ConfigureSilo((options, silo) =>
        {
            silo.Services.AddSingleton<IEventJournals>(files ? new FileJournals(Path.Combine(started._folder, "journals")) : started.Journals);
            silo.Services.AddSingleton<IBlobStore>(files ? new FileBlobStore(Path.Combine(started._folder, "blobs")) : started.Blobs);
            silo.AddMemoryGrainStorage("PubSubStore");
            silo.AddMemoryStreams("recsys-events", b => b.ConfigurePullingAgent(o => o.Configure(p => p.GetQueueMsgsTimerPeriod = TimeSpan.FromMilliseconds(5))));
            silo.AddRecsysServing(o =>
            {
                o.EventPartitions = EventPartitions;
                o.ItemPartitions = ItemPartitions;
                o.Events = Events;
                o.BalanceEvery = TimeSpan.FromMilliseconds(300);
                o.FollowEvery = TimeSpan.FromMilliseconds(20);
                o.TemporaryFolder = Path.Combine(started._folder, options.SiloName);
                configure?.Invoke(o);
            });
        });
        builder.ConfigureClient(client =>
        {
            client.AddMemoryStreams("recsys-events");
            client.Services.AddRecsysWire();
        });
        started.Cluster = builder.Build();
        await started.Cluster.DeployAsync();
        return started;
    }

    /// <summary>Stores a model as the next version of its name and lets it answer.</summary>
    public async Task<ModelVersion> PublishAsync(string name, IRecommenderModel model, bool makeDefault = true)
    {
        string version = await ModelBlobs.SaveAsync(Blobs, name, model.ToContents(), claim: null, leastTiled: 0, CancellationToken.None);
        return await Recommender.ActivateAsync(name, version, makeDefault);
    }

    /// <summary>Waits until every silo answers with a version.</summary>
    public async Task WaitServedAsync(string model, string version)
    {
        var began = DateTime.UtcNow;
        while (!await ServedAsync(model, version))
        {
            Assert.True(DateTime.UtcNow - began < TimeSpan.FromSeconds(30), $"{model}/{version} is not served");
            await Task.Delay(10);
        }
    }

    public async Task<ModelVersion> ServeAsync(string name, IRecommenderModel model)
    {
        var version = await PublishAsync(name, model);
        await WaitServedAsync(name, version.Version);
        return version;
    }

    /// <summary>Waits until item partitions know what event partitions have applied.</summary>
    public async Task FlushAsync()
    {
        for (int p = 0; p < EventPartitions; p++)
        {
            while (!await Client.GetGrain<IEventPartitionGrain>(p).FlushAsync())
            {
                await Task.Delay(5);
            }
        }
    }

    public static AlsModel Als(int seed = 1) =>
        AlsTrainer.Train(Data, new AlsOptions { Factors = 16, Alpha = 5, Regularization = 5, Iterations = 3, Seed = seed, Threads = 1 });

    public static EaseModel Ease(double regularization = 20) => EaseTrainer.Train(Data, new EaseOptions { Regularization = regularization, Threads = 1 });

    public async ValueTask DisposeAsync()
    {
        await Cluster.DisposeAsync();
        for (int attempt = 0; Directory.Exists(_folder); attempt++)
        {
            try
            {
                Directory.Delete(_folder, recursive: true);
            }
            catch (IOException) when (attempt < 20)
            {
                // A snapshot on its way when its silo ended clears its own temporary folder meanwhile.
                await Task.Delay(100);
            }
        }
    }

    private async Task<bool> ServedAsync(string model, string version)
    {
        foreach (var silo in Cluster.GetActiveSilos())
        {
            var node = silo.ServiceProvider.GetRequiredService<Recsys.Engine.Serving.Distributed.ServingNode>();
            if (node.Models.Active.Active.GetValueOrDefault(model) != version)
            {
                return false;
            }
        }

        return true;
    }
}
