using Microsoft.Extensions.DependencyInjection;
using Orleans.TestingHost;
using Recsys.Cluster.Tests.Training;
using Recsys.Engine;
using Recsys.Engine.Als;
using Recsys.Engine.Data;
using Recsys.Engine.Models;
using Recsys.Engine.Serving;
using Recsys.Engine.Storage;
using Recsys.Grains.Jobs;
using Recsys.Grains.Serving;
using Recsys.Grains.Training;
using Recsys.Grains.Wire;

namespace Recsys.Cluster.Tests.Jobs;

/// <summary>From events to a served model on two silos, by the faces that programs use.</summary>
public sealed class JobsTests : IAsyncLifetime
{
    private readonly string _folder = Directory.CreateTempSubdirectory("recsys-jobs-").FullName;
    private readonly MemoryBlobStore _blobs = new();
    private readonly MemoryJournals _journals = new();
    private InProcessTestCluster _cluster = null!;

    private ClusterRecommender Recommender => new(_cluster.Client);

    private ClusterTrainingJobs Training => new(_cluster.Client);

    public async Task InitializeAsync()
    {
        var builder = new InProcessTestClusterBuilder(2);
        builder.Options.ConfigureFileLogging = false;
        builder.ConfigureSilo((options, silo) =>
        {
            silo.Services.AddSingleton<IEventJournals>(_journals);
            silo.Services.AddSingleton<IBlobStore>(_blobs);
            silo.UseInMemoryReminderService();
            silo.AddMemoryStreams("recsys-events", s => s.ConfigureStreamPubSub(Orleans.Streams.StreamPubSubType.ImplicitOnly));
            silo.AddRecsysServing(o =>
            {
                o.EventPartitions = 3;
                o.FollowEvery = TimeSpan.FromMilliseconds(20);
                o.TemporaryFolder = Path.Combine(_folder, options.SiloName);
            });
            silo.AddRecsysTraining(o => o.Threads = 1);
            silo.AddRecsysJobs();
        });
        builder.ConfigureClient(client => client.Services.AddRecsysWire());
        _cluster = builder.Build();
        await _cluster.DeployAsync();
    }

    public async Task DisposeAsync()
    {
        await _cluster.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task A_job_trains_on_the_events_as_the_Engine_does_and_its_model_answers()
    {
        var ingest = await Recommender.GetIngestAsync();
        await IngestAsync(ingest, TrainingData.Small(150, 60));
        var histories = await ingest.GetHistoriesAsync();
        var options = new OptionBag([new("factors", "8"), new("iterations", "2")]);

        var job = await EndOfAsync(await Training.StartAsync(new TrainingRequest("als", options) { Model = "taste" }));

        Assert.Equal((TrainingState.Succeeded, null), (job.State, job.Error));
        using var expected = (AlsModel)Algorithms.Get("als").Train(histories, options);
        Assert.Equal(expected.Losses, job.Losses);
        using var stored = await ModelBlobs.OpenAsync(_blobs, "taste", job.Version!, Path.Combine(_folder, "cache"));
        using var model = AlsModel.FromStored(stored);
        TrainingData.AssertSame(expected, model);
        for (int t = 0; (await Recommender.RecommendAsync(new RecommendationQuery { User = histories.Users[0] })).Model != "taste"; t++)
        {
            Assert.True(t < 500, "the trained model does not answer");
            await Task.Delay(20);
        }

        Assert.Equal(job.Id, Assert.Single(await Training.ListAsync()).Id);
        Assert.Null(await Training.GetAsync("17"));

        // The job's data set goes when the job has ended.
        await AlsTrainingTests.Eventually(async () => Assert.Empty(await ClusterDataset.ListAsync(_blobs)));
    }

    [Fact]
    public async Task What_cannot_be_trained_is_refused_at_once_or_fails_with_the_reason()
    {
        await Assert.ThrowsAsync<InvalidOptionException>(() => Training.StartAsync(new TrainingRequest("magic", OptionBag.Empty)).AsTask());
        await Assert.ThrowsAsync<InvalidOptionException>(
            () => Training.StartAsync(new TrainingRequest("als", new OptionBag([new("depth", "8")]))).AsTask());
        await Assert.ThrowsAsync<UnknownIdException>(() => Training.CancelAsync("1").AsTask());

        var job = await EndOfAsync(await Training.StartAsync(new TrainingRequest("als", OptionBag.Empty)));
        Assert.Equal(TrainingState.Failed, job.State);
        Assert.Contains("no histories", job.Error);

        // What waits behind it has its turn.
        await IngestAsync(await Recommender.GetIngestAsync(), TrainingData.Small(100, 40));
        var next = await Training.StartAsync(new TrainingRequest("als", new OptionBag([new("factors", "4"), new("iterations", "1")])));
        Assert.Equal("2", next.Id);
        Assert.Equal(TrainingState.Succeeded, (await EndOfAsync(next)).State);
    }

    [Fact]
    public async Task A_submission_made_again_is_the_job_it_made_before_whoever_has_the_jobs_meanwhile()
    {
        var jobs = _cluster.Client.GetGrain<ITrainingJobsGrain>(0);
        var request = new ClusterTrainingRequest { Dataset = "", Algorithm = "als", Submission = "one" };
        string id = (await jobs.StartAsync(request)).Id;
        Assert.Equal(id, (await jobs.StartAsync(request)).Id);
        await jobs.Cast<Orleans.Core.Internal.IGrainManagementExtension>().DeactivateOnIdle();
        Assert.Equal(id, (await jobs.StartAsync(request)).Id);
        Assert.NotEqual(id, (await jobs.StartAsync(request with { Submission = "another" })).Id);
        Assert.Equal(2, (await jobs.ListAsync()).Count);
    }

    [Fact]
    public async Task Jobs_take_turns_and_one_that_waits_or_runs_can_be_cancelled()
    {
        await IngestAsync(await Recommender.GetIngestAsync(), TrainingData.Small(200, 80));
        var endless = new TrainingRequest("als", new OptionBag([new("factors", "16"), new("iterations", "100000")]));
        var first = await Training.StartAsync(endless);
        var second = await Training.StartAsync(endless);
        for (int t = 0; (await Training.GetAsync(first.Id))!.Losses.Count < 2; t++)
        {
            Assert.True(t < 3000, "the first job does not begin");
            await Task.Delay(20);
        }

        Assert.Equal(TrainingState.Queued, (await Training.GetAsync(second.Id))!.State);
        Assert.Equal(TrainingState.Cancelled, (await Training.CancelAsync(second.Id)).State);
        await Training.CancelAsync(first.Id);
        Assert.Equal(TrainingState.Cancelled, (await EndOfAsync(first)).State);
        Assert.Equal(["2", "1"], (await Training.ListAsync()).Select(j => j.Id));
    }

    private static async Task IngestAsync(IEventIngest ingest, Dataset data)
    {
        var events = new List<IncomingEvent>();
        for (int u = 0; u < data.Users.Count; u++)
        {
            foreach (int item in data.Interactions.Row(u))
            {
                events.Add(new IncomingEvent(data.Users[u], data.Items[item], "click", $"{u}-{item}"));
            }
        }

        foreach (var batch in events.Chunk(5000))
        {
            await ingest.AcceptAsync(batch);
        }
    }

    private async Task<TrainingStatus> EndOfAsync(TrainingStatus job)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        await foreach (var status in Training.WatchAsync(job.Id, patience.Token))
        {
            job = status;
        }

        return job;
    }
}
