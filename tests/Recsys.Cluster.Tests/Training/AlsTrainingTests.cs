using System.Collections.Concurrent;
using Recsys.Engine;
using Recsys.Engine.Als;
using Recsys.Engine.Data;
using Recsys.Engine.Serving;
using Recsys.Grains.Training;

namespace Recsys.Cluster.Tests.Training;

public sealed class AlsTrainingTests
{
    private static readonly AlsOptions Options = new() { Factors = 10, Alpha = 10, Iterations = 3, Regularization = 5, Threads = 1 };

    private static readonly ClusterTrainingRequest Request = new()
    {
        Dataset = "small",
        Algorithm = "als",
        Options = new Dictionary<string, string> { ["factors"] = "10", ["alpha"] = "10", ["iterations"] = "3", ["regularization"] = "5", ["partitions"] = "6" },
    };

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task The_model_of_a_cluster_is_that_of_one_process(int silos)
    {
        var data = TrainingData.Small();
        using var expected = AlsTrainer.Train(data, Options);
        await using var cluster = await TrainingCluster.StartAsync(silos);
        await cluster.StoreAsync("small", data);
        var status = await cluster.TrainAsync("a", Request);
        Assert.Equal((TrainingState.Succeeded, null), (status.State, status.Error));
        Assert.Equal(expected.Losses, status.Losses);
        using var model = await cluster.ModelAsync<AlsModel>("als", status.Version!);
        TrainingData.AssertSame(expected, model);

        // Every silo worked in every phase, and each got once what its rows' interactions name and it has not.
        Assert.Equal(8, status.Phases.Count);
        Assert.All(status.Phases.SkipLast(1), p => Assert.Equal(silos, p.Silos.Count));
        foreach (var phase in status.Phases.SkipLast(1))
        {
            Assert.Equal(LackedRows(data, phase.Name == "users", silos) * 10L * 4, phase.Expected);
            Assert.Equal(phase.Expected, phase.Received);
        }

        // The coordinator's silo then got what it lacked of the model.
        var made = status.Phases[^1];
        Assert.Equal(("model", made.Expected), (made.Name, made.Received));
        Assert.InRange(made.Expected, silos == 1 ? 0 : 1, (data.Users.Count + data.Items.Count) * (silos - 1) * 10L * 4 * 3 / (2 * silos));

        // Nothing is left but request, status and model.
        await Eventually(async () => Assert.Empty(await cluster.Store.ListAsync("training/a/als/")));
        await Eventually(() => Task.Run(() => Assert.Equal(0, cluster.Reminders.Count)));
    }

    /// <summary>Rows of the other side that silos' users (or items) interact with and that are another silo's, silo by silo; six partitions, dealt out in order.</summary>
    private static int LackedRows(Dataset data, bool users, int silos)
    {
        var cut = LocalRows.Cut(data, 6);
        int[] userSilo = SiloOfEach(cut.Users, data.Users.Count), itemSilo = SiloOfEach(cut.Items, data.Items.Count);
        var lacked = new HashSet<(int Silo, int Row)>();
        for (int u = 0; u < data.Users.Count; u++)
        {
            foreach (int i in data.Interactions.Row(u))
            {
                if (userSilo[u] != itemSilo[i])
                {
                    lacked.Add(users ? (userSilo[u], i) : (itemSilo[i], u));
                }
            }
        }

        return lacked.Count;

        int[] SiloOfEach(PartitionRows[] partitions, int count)
        {
            int[] silo = new int[count];
            for (int p = 0; p < partitions.Length; p++)
            {
                for (int row = 0; row < partitions[p].Count; row++)
                {
                    silo[partitions[p].Index(row)] = p * silos / partitions.Length;
                }
            }

            return silo;
        }
    }

    [Theory]
    [InlineData("als")]
    [InlineData("ease")]
    public async Task Silos_of_different_vector_widths_compute_in_the_least(string algorithm)
    {
        var data = TrainingData.Small();
        var request = new ClusterTrainingRequest { Dataset = "small", Algorithm = algorithm };
        var runs = new List<string>();
        foreach (int[] widths in new[] { [512, 256], [256, 512], [256], new[] { 512 } })
        {
            await using var cluster = await TrainingCluster.StartAsync(widths.Length, vectorBits: silo => widths[silo]);
            await cluster.StoreAsync("small", data);
            string run = "";
            cluster.Hooks.Reached = async (_, _, _) =>
            {
                string key = (await cluster.Store.ListAsync($"training/w/{algorithm}/")).Single(k => k.EndsWith("/run", StringComparison.Ordinal));
                run = System.Text.Json.Nodes.JsonNode.Parse(await cluster.Store.GetAsync(key))!["vectorBits"]!.ToString();
            };
            var status = await cluster.TrainAsync("w", request);
            Assert.Equal((TrainingState.Succeeded, null), (status.State, status.Error));
            runs.Add(run);
        }

        Assert.Equal(["256", "256", "256", "512"], runs);
    }

    [Theory]
    [InlineData("open", 0)]
    [InlineData("solve", 1)]
    [InlineData("rows", 2)]
    [InlineData("solve", 2)]
    [InlineData("solve", 5)]
    [InlineData("solve", 7)]
    [InlineData("gram", 0)]
    public async Task A_silo_killed_in_any_phase_changes_nothing(string step, int phase)
    {
        var data = TrainingData.Small();
        using var expected = AlsTrainer.Train(data, Options);
        await using var cluster = await TrainingCluster.StartAsync(3);
        await cluster.StoreAsync("small", data);

        // Any silo but the coordinator's: its loss is another test.
        string? coordinator = null;
        cluster.Hooks.Step = (silo, _, kind, at) => ActAsync(silo, kind.ToString(), at);
        cluster.Hooks.Rows = (silo, at) => ActAsync(silo, "rows", at);
        async Task ActAsync(string silo, string what, int at)
        {
            if (what.Equals(step, StringComparison.OrdinalIgnoreCase) && at == phase)
            {
                coordinator ??= (await cluster.SiloOfCoordinatorAsync("a")).SiloAddress.ToString();
                if (silo != coordinator)
                {
                    await cluster.Hooks.KillAsync(silo);
                }
            }
        }

        var status = await cluster.TrainAsync("a", Request);
        Assert.True(cluster.Hooks.Killed);
        Assert.Equal((TrainingState.Succeeded, null), (status.State, status.Error));
        using var model = await cluster.ModelAsync<AlsModel>("als", status.Version!);
        TrainingData.AssertSame(expected, model);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(4)]
    [InlineData(7)]
    public async Task A_coordinator_whose_silo_is_killed_goes_on_elsewhere_by_itself(int phase)
    {
        var data = TrainingData.Small();
        using var expected = AlsTrainer.Train(data, Options);
        await using var cluster = await TrainingCluster.StartAsync(3);
        await cluster.StoreAsync("small", data);
        cluster.Hooks.Reached = (silo, _, number) => number == phase ? cluster.Hooks.KillAsync(silo) : Task.CompletedTask;
        var status = await cluster.TrainAsync("a", Request);
        Assert.Equal((TrainingState.Succeeded, null), (status.State, status.Error));
        Assert.Equal(2, status.Coordinators);
        using var model = await cluster.ModelAsync<AlsModel>("als", status.Version!);
        TrainingData.AssertSame(expected, model);
        Assert.Equal("1", status.Version);
    }

    [Fact]
    public async Task A_silo_killed_before_its_factors_are_in_the_model_changes_nothing()
    {
        var data = TrainingData.Small();
        using var expected = AlsTrainer.Train(data, Options);
        await using var cluster = await TrainingCluster.StartAsync(3);
        await cluster.StoreAsync("small", data);
        cluster.Hooks.Reached = async (coordinator, stage, number) =>
        {
            if ((stage, number) == ("phase", 7) && !cluster.Hooks.Killed)
            {
                var other = cluster.Cluster.Silos.First(s => s.SiloAddress.ToString() != coordinator);
                _ = cluster.Hooks.KillAsync(other.SiloAddress.ToString());
                await Eventually(() => Task.Run(() => Assert.DoesNotContain(other, cluster.Cluster.Silos)));
            }
        };
        var status = await cluster.TrainAsync("a", Request);
        Assert.True(cluster.Hooks.Killed);
        Assert.Equal((TrainingState.Succeeded, null, 1), (status.State, status.Error, status.Coordinators));
        using var model = await cluster.ModelAsync<AlsModel>("als", status.Version!);
        TrainingData.AssertSame(expected, model);
    }

    [Fact]
    public async Task Partitions_that_miss_their_coordinator_bring_it_up_without_waiting_for_a_reminder()
    {
        await using var cluster = await TrainingCluster.StartAsync(2, options =>
        {
            options.ReminderPeriod = TimeSpan.FromMinutes(10);
            options.CoordinatorSilence = TimeSpan.FromSeconds(1);
        });
        await cluster.StoreAsync("small", TrainingData.Small());
        cluster.Hooks.Reached = (silo, _, number) => number == 2 ? cluster.Hooks.KillAsync(silo) : Task.CompletedTask;
        var status = await cluster.TrainAsync("a", Request);
        Assert.Equal((TrainingState.Succeeded, 2), (status.State, status.Coordinators));
    }

    [Fact]
    public async Task A_silo_that_leaves_in_order_hands_coordinator_and_partitions_over()
    {
        var data = TrainingData.Small();
        using var expected = AlsTrainer.Train(data, Options);
        await using var cluster = await TrainingCluster.StartAsync(2);
        await cluster.StoreAsync("small", data);
        Task? leaving = null;
        var reached = new ConcurrentQueue<long>();
        cluster.Hooks.Reached = (silo, _, number) =>
        {
            reached.Enqueue(number);
            if (number == 3)
            {
                leaving ??= Task.Run(() => cluster.Cluster.StopSiloAsync(cluster.SiloOf(silo)));
            }

            return leaving is { IsCompleted: false } ? Task.Delay(200) : Task.CompletedTask;
        };
        var status = await cluster.TrainAsync("a", Request);
        await leaving!;
        using var model = await cluster.ModelAsync<AlsModel>("als", status.Version!);
        TrainingData.AssertSame(expected, model);
        Assert.Single(status.Phases[^2].Silos);

        // The next coordinator began where the last one stood.
        Assert.Equal((2, 0), (status.Coordinators, reached.First()));
        Assert.DoesNotContain(0, reached.Skip(1));
    }

    [Fact]
    public async Task A_silo_that_joins_is_used()
    {
        var data = TrainingData.Small();
        using var expected = AlsTrainer.Train(data, Options);
        await using var cluster = await TrainingCluster.StartAsync(2);
        await cluster.StoreAsync("small", data);
        string joined = "";
        cluster.Hooks.Reached = async (_, _, number) =>
        {
            if (number == 2)
            {
                joined = (await cluster.Cluster.StartAdditionalSiloAsync()).SiloAddress.ToString();
            }
        };
        var status = await cluster.TrainAsync("a", Request);
        Assert.DoesNotContain(joined, status.Phases[1].Silos.Keys);
        Assert.All(status.Phases.Skip(2).SkipLast(1), p => Assert.Equal(2, p.Silos[joined]));
        using var model = await cluster.ModelAsync<AlsModel>("als", status.Version!);
        TrainingData.AssertSame(expected, model);
    }

    internal static async Task Eventually(Func<Task> holds)
    {
        for (int attempt = 0; ; attempt++)
        {
            try
            {
                await holds();
                return;
            }
            catch (Xunit.Sdk.XunitException) when (attempt < 100)
            {
                await Task.Delay(50);
            }
        }
    }
}
