using Npgsql;
using Recsys.Client;
using Recsys.Client.Calls;
using Recsys.Cluster.Tests.Postgres;
using Recsys.Cluster.Tests.Training;
using Recsys.Engine.Als;
using Recsys.Engine.Compute;
using Recsys.Engine.Data;
using Recsys.Engine.Data.Synthetic;
using Recsys.Engine.Ease;
using Recsys.Engine.Models;
using Recsys.Engine.Serving;
using Recsys.Engine.Storage;
using Recsys.Grains.Training;
using Recsys.Silo.Postgres;

namespace Recsys.Cluster.Tests.Processes;

/// <summary>Training on silo processes against training in this one.</summary>
[Trait("Category", "Long")]
public sealed class ProcessTrainingTests : SiloProcessTests
{
    [PostgresFact]
    public async Task From_clicks_to_a_served_model_two_processes_give_what_one_gives()
    {
        await StartAsync(2);
        await using var client = await ConnectAsync();
        await IngestAsync(client, Shop(800, 300));
        var histories = await client.Histories.GetHistoriesAsync();

        var options = new OptionBag([new("factors", "24"), new("iterations", "5")]);
        var job = await client.Training.StartAsync(new TrainingRequest("als", options) { Model = "taste" });
        await foreach (var status in client.Training.WatchAsync(job.Id))
        {
            job = status;
        }

        Assert.Equal((TrainingState.Succeeded, null), (job.State, job.Error));
        using var expected = Train(histories, options);
        Assert.Equal(expected.Losses, job.Losses);
        await using var database = NpgsqlDataSource.Create(Connection);
        using var model = await LoadAsync(database, "taste", job.Version!);
        TrainingData.AssertSame(expected, model);

        // Both silos serve it, and give what the model gives here.
        string user = histories.Users[7];
        var best = new ScoredItem[10];
        int found = expected.Recommend(expected.GetUser(7), ItemFilter.Default, best);
        for (int t = 0; ; t++)
        {
            var list = await client.Recommender.RecommendAsync(new RecommendationQuery { User = user, Count = 10 });
            if (list.Model == "taste")
            {
                Assert.Equal(best[..found].Select(b => expected.Items[b.Item]), list.Items.Select(i => i.Id));
                break;
            }

            Assert.True(t < 100, "the trained model does not answer");
            await Task.Delay(100);
        }

        foreach (var silo in Silos)
        {
            Assert.Contains("\"model\":\"taste\"", await silo.GetAsync($"/api/v1/users/{user}/recommendations?n=3"));
        }
    }

    [PostgresFact]
    public async Task A_process_killed_while_it_trains_changes_nothing_of_the_model()
    {
        await StartAsync(3, "--threads", "1");
        await using var client = await ConnectAsync();
        await using var database = NpgsqlDataSource.Create(Connection);
        var data = Shop(3000, 800);
        var store = new PostgresBlobStore(database);
        await ClusterDataset.SaveAsync(store, "shop", data);
        var options = Algorithms.Get("als").Complete(data, new OptionBag([new("factors", "48"), new("iterations", "25")]));
        var training = client.Grains.GetGrain<ITrainingCoordinatorGrain>("t");
        await training.StartAsync(new ClusterTrainingRequest { Dataset = "shop", Algorithm = "als", Options = options.Values, Model = "taste" });

        await EventuallyAsync(training, s => s.Losses.Count >= 3);
        Silos[0].Kill();
        await EventuallyAsync(training, s => s.Losses.Count >= 8);
        Silos[1].Kill();
        Silos.Add(SiloProcess.Start(Connection, Cluster, Cache, "--threads", "1"));
        var status = await EventuallyAsync(training, s => s.Ended);

        Assert.Equal((TrainingState.Succeeded, null), (status.State, status.Error));
        using var expected = Train(data, options);
        Assert.Equal(expected.Losses, status.Losses);
        using var model = await LoadAsync(database, "taste", status.Version!);
        TrainingData.AssertSame(expected, model);
    }

    [PostgresFact]
    public async Task A_process_killed_while_it_trains_ease_changes_nothing_of_the_model()
    {
        await StartAsync(3, "--threads", "1");
        await using var client = await ConnectAsync();
        await using var database = NpgsqlDataSource.Create(Connection);
        var data = TrainingData.Small(users: 4000, items: 6500);
        await ClusterDataset.SaveAsync(new PostgresBlobStore(database), "shop", data);
        var options = Algorithms.Get("ease").Complete(data, new OptionBag([new("regularization", "20"), new("partitions", "6")]));
        var training = client.Grains.GetGrain<ITrainingCoordinatorGrain>("t");
        await training.StartAsync(new ClusterTrainingRequest { Dataset = "shop", Algorithm = "ease", Options = options.Values, Model = "taste" });

        // In the middle of the sweep, so that the partition's blocks are lost with it.
        var there = await EventuallyAsync(training, s => s.Stage == "inverse" && s.Done > 0 && s.Done < s.Total);
        Assert.False(there.Ended);
        Silos[0].Kill();
        var status = await EventuallyAsync(training, s => s.Ended);

        Assert.Equal((TrainingState.Succeeded, null), (status.State, status.Error));
        Assert.True(status.Phases.Single(p => p.Name == "ease").Phase > 1, "a later attempt");
        using var expected = (EaseModel)Algorithms.Get("ease").Train(data, options, null, default);
        using var stored = await ModelBlobs.OpenAsync(new PostgresBlobStore(database), "taste", status.Version!, Path.Combine(Cache, "models"));
        using var model = (EaseModel)Algorithms.Get("ease").Read(stored);
        EaseTrainingTests.AssertSame(expected, model);
    }

    [PostgresFact]
    public async Task Processes_of_different_vector_widths_give_one_model()
    {
        var narrow = new Dictionary<string, string> { ["DOTNET_EnableAVX512"] = "0" };
        Silos.Add(SiloProcess.Start(Connection, Cluster, Cache, "--threads", "1"));
        Silos.Add(SiloProcess.Start(Connection, Cluster, Cache, narrow, "--threads", "1"));
        await Task.WhenAll(Silos.Select(s => s.WaitReadyAsync()));
        await using var client = await ConnectAsync();
        await using var database = NpgsqlDataSource.Create(Connection);
        var data = Shop(2000, 600);
        await ClusterDataset.SaveAsync(new PostgresBlobStore(database), "shop", data);
        var options = Algorithms.Get("als").Complete(data, new OptionBag([new("factors", "48"), new("iterations", "25"), new("partitions", "4")]));
        async Task<ITrainingCoordinatorGrain> TrainAsync(string id)
        {
            var training = client.Grains.GetGrain<ITrainingCoordinatorGrain>(id);
            var request = new ClusterTrainingRequest { Dataset = "shop", Algorithm = "als", Options = options.Values, Model = "taste" };

            // The silo that the client was connected to may have just stopped.
            await new CallRetry(TimeSpan.FromMinutes(1), TimeSpan.FromMinutes(1), mostQuestions: 10).RunAsync(
                (r, _) => new ValueTask<ClusterTrainingStatus>(training.StartAsync(r)), request, default);
            return training;
        }

        // Both from the beginning: in the width both have.
        var status = await EventuallyAsync(await TrainAsync("mixed"), s => s.Ended);
        Assert.Equal((TrainingState.Succeeded, null), (status.State, status.Error));
        using var mixed = await LoadAsync(database, "taste", status.Version!);
        await Silos[0].StopAsync();
        status = await EventuallyAsync(await TrainAsync("narrow"), s => s.Ended);
        Assert.Equal((TrainingState.Succeeded, null), (status.State, status.Error));
        using var alone = await LoadAsync(database, "taste", status.Version!);
        TrainingData.AssertSame(alone, mixed);

        // Begun by a wide one alone, ended by a narrow one alone: what the wide one gives.
        Silos.Add(SiloProcess.Start(Connection, Cluster, Cache, "--threads", "1"));
        await Silos[2].WaitReadyAsync();
        await Silos[1].StopAsync();
        var training = await TrainAsync("wide");
        await EventuallyAsync(training, s => s.Losses.Count >= 2);
        Silos.Add(SiloProcess.Start(Connection, Cluster, Cache, narrow, "--threads", "1"));
        await Silos[3].WaitReadyAsync();
        await Silos[2].StopAsync();
        status = await EventuallyAsync(training, s => s.Ended);
        Assert.Equal((TrainingState.Succeeded, null), (status.State, status.Error));
        using var wide = await LoadAsync(database, "taste", status.Version!);
        using var expected = Train(data, options);
        TrainingData.AssertSame(expected, wide);

        // And these were two models: here the setting does narrow the silo.
        Assert.Equal(VectorWidth.Bits == 512, !expected.ItemFactors.Row(1).SequenceEqual(mixed.ItemFactors.Row(1)));
    }

    private static Dataset Shop(int users, int items) =>
        SyntheticCatalogue.Create(new SyntheticOptions { Users = users, Items = items, MedianHistory = 20, Seed = 5 }).Data;

    private static AlsModel Train(Dataset data, OptionBag options) => (AlsModel)Algorithms.Get("als").Train(data, options, null, default);

    private Task<RecsysClient> ConnectAsync() => RecsysClient.ConnectAsync(
        new RecsysClientOptions { Cluster = Cluster, Postgres = Connection, ConnectPatience = TimeSpan.FromMinutes(1) });

    private static async Task IngestAsync(RecsysClient client, Dataset data)
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
            await client.Events.AcceptAsync(batch);
        }
    }

    private async Task<AlsModel> LoadAsync(NpgsqlDataSource database, string name, string version)
    {
        using var stored = await ModelBlobs.OpenAsync(new PostgresBlobStore(database), name, version, Path.Combine(Cache, "models"));
        return (AlsModel)Algorithms.Get("als").Read(stored);
    }

    /// <summary>Asks again and again; while a silo is lost, nobody may answer.</summary>
    private static async Task<ClusterTrainingStatus> EventuallyAsync(ITrainingCoordinatorGrain training, Func<ClusterTrainingStatus, bool> condition)
    {
        for (var began = DateTime.UtcNow; ;)
        {
            try
            {
                if (await training.GetStatusAsync() is { } status && (condition(status) || status.Ended))
                {
                    return status;
                }
            }
            catch (Exception e) when (CallRetry.IsTransient(e))
            {
            }

            Assert.True(DateTime.UtcNow - began < TimeSpan.FromMinutes(4), "the training does not go on");
            await Task.Delay(100);
        }
    }
}
