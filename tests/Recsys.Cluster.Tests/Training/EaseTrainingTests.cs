using Recsys.Engine.Ease;
using Recsys.Engine.Ease.Distributed;
using Recsys.Engine.Serving;
using Recsys.Grains.Training;

namespace Recsys.Cluster.Tests.Training;

public sealed class EaseTrainingTests
{
    // Some ten pivot blocks.
    private const int Items = 1500;

    private static readonly EaseOptions Options = new() { Regularization = 20, RegularizationExponent = 0.1, Threads = 1 };

    private static readonly ClusterTrainingRequest Request = new()
    {
        Dataset = "small",
        Algorithm = "ease",
        Options = new Dictionary<string, string> { ["regularization"] = "20", ["regularization-exponent"] = "0.1", ["partitions"] = "5" },
    };

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task The_model_of_a_cluster_is_that_of_one_process(int silos)
    {
        var data = TrainingData.Small(items: Items);
        using var expected = EaseTrainer.Train(data, Options);
        await using var cluster = await TrainingCluster.StartAsync(silos);
        await cluster.StoreAsync("small", data);
        var status = await cluster.TrainAsync("e", Request);
        Assert.Equal((TrainingState.Succeeded, null), (status.State, status.Error));
        using var model = await cluster.ModelAsync<EaseModel>("ease", status.Version!);
        AssertSame(expected, model);
        Assert.Equal(data.Fingerprint(), model.ToContents().Facts.DataFingerprint);

        var total = status.Phases.Single(p => p.Name == "ease");
        Assert.Equal(silos, total.Silos.Count);
        Assert.Equal(total.Expected, total.Received);
        Assert.Equal(silos > 1, total.Received > 0);
        Assert.Superset(new HashSet<string> { "gram", "inverse", "exchange", "weights" }, status.Phases.Select(p => p.Name).ToHashSet());
        await AlsTrainingTests.Eventually(async () => Assert.Empty(await cluster.Store.ListAsync("training/e/ease/")));
    }

    [Fact]
    public async Task A_small_matrix_is_not_divided_where_nobody_asks_for_it()
    {
        var data = TrainingData.Small(items: Items);
        using var expected = EaseTrainer.Train(data, Options);
        await using var cluster = await TrainingCluster.StartAsync(3);
        await cluster.StoreAsync("small", data);
        var options = Request.Options.Where(o => o.Key != "partitions").ToDictionary();
        var status = await cluster.TrainAsync("e", Request with { Options = options });
        Assert.Equal((TrainingState.Succeeded, null), (status.State, status.Error));
        using var model = await cluster.ModelAsync<EaseModel>("ease", status.Version!);
        AssertSame(expected, model);
        var total = status.Phases.Single(p => p.Name == "ease");
        Assert.Equal((0, 0), (total.Expected, total.Received));
        string coordinator = (await cluster.SiloOfCoordinatorAsync("e")).SiloAddress.ToString();
        Assert.Equal(coordinator, Assert.Single(total.Silos).Key);
        Assert.True(EasePlan.IsWorthDividing(40_000));
    }

    [Theory]
    [InlineData(EasePhase.Gram)]
    [InlineData(EasePhase.Sweep)]
    [InlineData(EasePhase.Save)]
    [InlineData(EasePhase.Exchange)]
    [InlineData(EasePhase.Weights)]
    public async Task A_silo_killed_in_any_phase_changes_nothing(EasePhase phase)
    {
        var data = TrainingData.Small(items: Items);
        using var expected = EaseTrainer.Train(data, Options);
        await using var cluster = await StartAsync(3);
        await cluster.StoreAsync("small", data);
        string? coordinator = null;
        int swept = 0;
        cluster.Hooks.EaseStep = async (silo, _, step) =>
        {
            // Any silo but the coordinator's; in the sweep, when a checkpoint is there.
            if (step.Phase == phase && (phase != EasePhase.Sweep || Interlocked.Increment(ref swept) > 12))
            {
                coordinator ??= (await cluster.SiloOfCoordinatorAsync("e")).SiloAddress.ToString();
                if (silo != coordinator)
                {
                    await cluster.Hooks.KillAsync(silo);
                }
            }
        };
        var status = await cluster.TrainAsync("e", Request);
        Assert.True(cluster.Hooks.Killed);
        Assert.Equal((TrainingState.Succeeded, null), (status.State, status.Error));
        Assert.True(status.Phases.Single(p => p.Name == "ease").Phase > 1, "a later attempt");
        using var model = await cluster.ModelAsync<EaseModel>("ease", status.Version!);
        AssertSame(expected, model);
    }

    [Fact]
    public async Task A_silo_killed_while_another_ones_loss_is_mended_from_checkpoints_changes_nothing()
    {
        var data = TrainingData.Small(items: Items);
        using var expected = EaseTrainer.Train(data, Options);
        await using var cluster = await StartAsync(3);
        await cluster.StoreAsync("small", data);
        string? coordinator = null;
        string? first = null;
        bool restoring = false;
        cluster.Hooks.Kills = 2;
        cluster.Hooks.EaseStep = async (silo, _, step) =>
        {
            coordinator ??= (await cluster.SiloOfCoordinatorAsync("e")).SiloAddress.ToString();
            if (silo == coordinator)
            {
                return;
            }

            // There are checkpoints by then.
            if (step is { Phase: EasePhase.Sweep, Pivots: >= 6 } && Interlocked.CompareExchange(ref first, silo, null) is null)
            {
                await cluster.Hooks.KillAsync(silo);
            }
            else if (step.Phase == EasePhase.Restore && silo != first && !restoring)
            {
                restoring = true;
                await cluster.Hooks.KillAsync(silo);
            }
        };
        var status = await cluster.TrainAsync("e", Request);
        Assert.True(restoring);
        Assert.Equal((TrainingState.Succeeded, null), (status.State, status.Error));
        Assert.True(status.Phases.Single(p => p.Name == "ease").Phase > 2, "two later attempts");
        using var model = await cluster.ModelAsync<EaseModel>("ease", status.Version!);
        AssertSame(expected, model);
    }

    [Theory]
    [InlineData("gram")]
    [InlineData("inverse")]
    [InlineData("exchange")]
    [InlineData("model")]
    public async Task A_coordinator_whose_silo_is_killed_goes_on_elsewhere_by_itself(string stage)
    {
        var data = TrainingData.Small(items: Items);
        using var expected = EaseTrainer.Train(data, Options);
        await using var cluster = await StartAsync(3);
        await cluster.StoreAsync("small", data);
        cluster.Hooks.Reached = (silo, at, _) => at == stage ? cluster.Hooks.KillAsync(silo) : Task.CompletedTask;
        var status = await cluster.TrainAsync("e", Request);
        Assert.True(cluster.Hooks.Killed);
        Assert.Equal((TrainingState.Succeeded, null), (status.State, status.Error));
        Assert.Equal(2, status.Coordinators);
        using var model = await cluster.ModelAsync<EaseModel>("ease", status.Version!);
        AssertSame(expected, model);
    }

    [Fact]
    public async Task A_silo_that_joins_is_used()
    {
        var data = TrainingData.Small(items: Items);
        using var expected = EaseTrainer.Train(data, Options);
        await using var cluster = await StartAsync(2);
        await cluster.StoreAsync("small", data);
        string joined = "";
        int once = 0;
        var there = new TaskCompletionSource();
        cluster.Hooks.EaseStep = async (_, _, step) =>
        {
            if (step.Phase == EasePhase.Sweep && Interlocked.Exchange(ref once, 1) == 0)
            {
                joined = (await cluster.Cluster.StartAdditionalSiloAsync()).SiloAddress.ToString();
                there.SetResult();
            }

            if (step.Phase == EasePhase.Save)
            {
                await there.Task;
            }
        };
        var status = await cluster.TrainAsync("e", Request);
        Assert.Equal((TrainingState.Succeeded, null), (status.State, status.Error));
        var total = status.Phases.Single(p => p.Name == "ease");
        Assert.Equal(3, total.Silos.Count);
        Assert.InRange(total.Silos[joined], 1, 2);
        using var model = await cluster.ModelAsync<EaseModel>("ease", status.Version!);
        AssertSame(expected, model);
    }

    private static Task<TrainingCluster> StartAsync(int silos) => TrainingCluster.StartAsync(
        silos, options => options.Ease = new EaseRunOptions { Checkpoints = true, CheckpointEvery = 2 });

    internal static void AssertSame(EaseModel expected, EaseModel actual)
    {
        for (int i = 0; i < expected.Items.Count; i++)
        {
            Assert.Equal(expected.Items[i], actual.Items[i]);
            Assert.True(expected.Weights.Dense!.Row(i).SequenceEqual(actual.Weights.Dense!.Row(i)), $"row {i}");
        }

        Assert.Equal(expected.Weights.InverseDiagonal, actual.Weights.InverseDiagonal);
    }
}
