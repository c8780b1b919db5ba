using Recsys.Engine;
using Recsys.Engine.Data;
using Recsys.Engine.Serving;
using Recsys.Grains.Training;

namespace Recsys.Cluster.Tests.Training;

public sealed class TrainingCallsTests(TrainingCallsTests.TwoSilos fixture) : IClassFixture<TrainingCallsTests.TwoSilos>
{
    private static readonly ClusterTrainingRequest Request = new()
    {
        Dataset = "small",
        Algorithm = "als",
        Options = new Dictionary<string, string> { ["factors"] = "6", ["iterations"] = "2" },
        Model = "mine",
    };

    private readonly TrainingCluster _cluster = fixture.Cluster;

    [Fact]
    public async Task What_cannot_be_trained_is_refused_at_once_with_its_reason()
    {
        var unknown = await Assert.ThrowsAsync<UnknownIdException>(() => _cluster.Training("a").StartAsync(Request with { Dataset = "none" }));
        Assert.Contains("none", unknown.Message);
        var option = await Assert.ThrowsAsync<InvalidOptionException>(() => _cluster.Training("a").StartAsync(
            Request with { Options = new Dictionary<string, string> { ["factor"] = "6" } }));
        Assert.Contains("--factor", option.Message);
        await Assert.ThrowsAsync<InvalidOptionException>(() => _cluster.Training("a").StartAsync(Request with { Algorithm = "magic" }));
        await Assert.ThrowsAsync<InvalidOptionException>(() => _cluster.Training("no such id!").StartAsync(Request));
        await Assert.ThrowsAsync<InvalidOptionException>(() => _cluster.Training("a").StartAsync(Request with { Model = "../up" }));
        await _cluster.StoreAsync("empty", new Dataset(IdTable.Sequential(1), IdTable.Sequential(1), new SparseMatrix(1, 1, [0, 0], [])));
        await Assert.ThrowsAsync<RecsysException>(() => _cluster.Training("a").StartAsync(Request with { Dataset = "empty" }));
        Assert.Null(await _cluster.Training("a").GetStatusAsync());
        Assert.Null(await _cluster.Training("a").CancelAsync());
        Assert.Null(await _cluster.Training("no such id!").GetStatusAsync());
    }

    [Fact]
    public async Task The_same_request_again_is_the_same_training_and_another_request_is_refused()
    {
        var first = await _cluster.Training("same").StartAsync(Request);
        var second = await _cluster.Training("same").StartAsync(Request with { Options = new Dictionary<string, string>(Request.Options) });
        Assert.Equal(first.Started, second.Started);
        await Assert.ThrowsAsync<InvalidOptionException>(() => _cluster.Training("same").StartAsync(Request with { Dataset = "other" }));
        var status = await _cluster.EndOfAsync("same");
        Assert.Equal(status.Version, (await _cluster.Training("same").StartAsync(Request)).Version);
        Assert.Equal(1, status.Coordinators);
        Assert.NotNull(status.Version);
    }

    [Fact]
    public async Task Progress_is_told_as_it_happens_until_the_end()
    {
        await _cluster.Training("watched").StartAsync(Request);
        var seen = new List<ClusterTrainingStatus>();
        await foreach (var status in _cluster.Training("watched").WatchAsync())
        {
            seen.Add(status);
        }

        Assert.Equal((TrainingState.Succeeded, "model", 1, 1), (seen[^1].State, seen[^1].Stage, seen[^1].Done, seen[^1].Total));
        Assert.Equal(seen.Select(s => s.Revision).Distinct().Order(), seen.Select(s => s.Revision));
        Assert.Equal(2, seen[^1].Losses.Count);
        Assert.True(seen[^1].Losses[1] < seen[^1].Losses[0]);
        Assert.Equal(2, seen[^1].Phases.Max(p => p.Silos.Values.Sum())); // of small data: as many partitions as silos
        await foreach (var status in _cluster.Training("watched").WatchAsync())
        {
            Assert.Equal(seen[^1].Version, status.Version);
        }
    }

    [Fact]
    public async Task A_cancelled_training_stops_in_the_middle_of_a_step_and_leaves_nothing()
    {
        var reached = new TaskCompletionSource();
        _cluster.Hooks.Step = async (_, partition, kind, phase) =>
        {
            if (partition.Training == "stopped" && kind == FactorStepKind.Solve && phase == 3)
            {
                reached.TrySetResult();
                await Task.Delay(Timeout.Infinite);
            }
        };
        await _cluster.Training("stopped").StartAsync(Request);
        await reached.Task.WaitAsync(TimeSpan.FromSeconds(30));
        Assert.Equal(TrainingState.Running, (await _cluster.Training("stopped").GetStatusAsync())!.State);
        var status = await _cluster.Training("stopped").CancelAsync();
        Assert.Equal((TrainingState.Cancelled, null), (status!.State, status.Error));
        await AlsTrainingTests.Eventually(async () => Assert.Empty(await _cluster.Store.ListAsync("training/stopped/als/")));
        Assert.Equal(TrainingState.Cancelled, (await _cluster.Training("stopped").CancelAsync())!.State);
        Assert.Equal(TrainingState.Cancelled, (await _cluster.Training("stopped").StartAsync(Request)).State);
    }

    [Fact]
    public async Task A_training_that_fails_says_why()
    {
        // Ten factors of five items without regularization: no system has one solution.
        await _cluster.StoreAsync("singular", TrainingData.Small(items: 5));
        var status = await _cluster.TrainAsync("fails", Request with
        {
            Dataset = "singular",
            Options = new Dictionary<string, string> { ["factors"] = "10", ["regularization"] = "0" },
        });
        Assert.Equal(TrainingState.Failed, status.State);
        Assert.Contains("user-", status.Error);
        Assert.Contains("positive definite", status.Error);
        await AlsTrainingTests.Eventually(async () => Assert.Empty(await _cluster.Store.ListAsync("training/fails/als/")));
    }

    [Fact]
    public async Task A_training_fails_when_its_data_set_is_deleted_meanwhile()
    {
        await _cluster.StoreAsync("gone", TrainingData.Small());
        var deleted = Recsys.Engine.Als.ClusterDataset.FindAsync(_cluster.Store, "gone");
        await _cluster.Store.DeleteAsync($"data/gone/{(await deleted)!.Version}/items/");
        var status = await _cluster.TrainAsync("orphan", Request with { Dataset = "gone" });
        Assert.Equal(TrainingState.Failed, status.State);
        Assert.Contains("missing", status.Error);
    }

    public sealed class TwoSilos : IAsyncLifetime
    {
        internal TrainingCluster Cluster { get; private set; } = null!;

        public async Task InitializeAsync()
        {
            Cluster = await TrainingCluster.StartAsync(2);
            await Cluster.StoreAsync("small", TrainingData.Small());
        }

        public Task DisposeAsync() => Cluster.DisposeAsync().AsTask();
    }
}
