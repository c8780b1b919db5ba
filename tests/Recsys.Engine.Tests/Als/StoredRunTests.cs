using Recsys.Engine.Als;
using Recsys.Engine.Compute;
using Recsys.Engine.Data;
using Recsys.Engine.Models;
using Recsys.Engine.Numerics;
using Recsys.Engine.Storage;

namespace Recsys.Engine.Tests.Als;

public sealed class StoredRunTests
{
    private static readonly AlsOptions Options = new() { Factors = 12, Iterations = 3, Partitions = 4, Threads = 1 };

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_data_set_comes_back_from_its_blocks_as_it_was(bool weighted)
    {
        var data = AlsTestData.Create(300, 90, 3, weighted) with { Name = "made up" };
        var store = new MemoryBlobStore();
        var stored = await ClusterDataset.SaveAsync(store, "set", data);
        Assert.Equal(data.Fingerprint(), stored.Facts.Fingerprint);
        var loaded = await (await ClusterDataset.OpenAsync(store, "set")).LoadAsync();
        var back = loaded.Data;
        Assert.Equal(data.Fingerprint(), loaded.Fingerprint);
        var byItem = data.Interactions.Transpose();
        Assert.Equal(byItem.Offsets.ToArray(), loaded.ByItem.Offsets.ToArray());
        Assert.Equal(byItem.AllColumns.ToArray(), loaded.ByItem.AllColumns.ToArray());
        Assert.Equal(byItem.AllValues.ToArray(), loaded.ByItem.AllValues.ToArray());
        Assert.Equal("made up", back.Name);
        Assert.Equal(Ids(data.Users), Ids(back.Users));
        Assert.Equal(Ids(data.Items), Ids(back.Items));
        Assert.Equal(data.Interactions.Offsets.ToArray(), back.Interactions.Offsets.ToArray());
        Assert.Equal(data.Interactions.AllColumns.ToArray(), back.Interactions.AllColumns.ToArray());
        Assert.Equal(data.Interactions.AllValues.ToArray(), back.Interactions.AllValues.ToArray());
    }

    [Theory]
    [InlineData(128, (int)SimdLevel.Portable)]
    [InlineData(256, (int)SimdLevel.Vector256)]
    [InlineData(512, (int)SimdLevel.Vector512)]
    public async Task Partitions_compute_in_the_width_of_their_run(int bits, int level)
    {
        var data = AlsTestData.Create(300, 90, 3);
        using var cluster = await FakeCluster.CreateAsync(data, Options, 2, bits);
        using var model = await cluster.TrainAsync();
        using var pool = new ComputePool(1);
        using var sides = new LocalSides(data, Options, pool, (SimdLevel)level);
        await new AlsCoordinator(Options, sides.Problem, sides.Users, sides.Items).RunAsync(null, default);
        using var items = sides.CollectItems();
        Assert.All(Enumerable.Range(0, items.Rows), i => Assert.True(items.Row(i).SequenceEqual(model.ItemFactors.Row(i))));
    }

    [Theory]
    [InlineData(0, 1, 8, 1)]
    [InlineData(480_438, 1, 8, 1)]
    [InlineData(480_438, 2, 8, 2)]
    [InlineData(480_438, 3, 16, 4)]
    [InlineData(810_128, 2, 8, 4)]
    [InlineData(20_000_000, 2, 8, 8)]
    [InlineData(long.MaxValue, 20, 64, 64)]
    [InlineData(1, 100, 64, 64)]
    public void Small_data_has_one_partition_for_each_host_and_large_data_several(long interactions, int hosts, int most, int expected) =>
        Assert.Equal(expected, AlsRun.PartitionsFor(interactions, hosts, most));

    [Fact]
    public async Task A_data_set_stored_again_keeps_its_last_version_but_one_and_is_deleted_whole()
    {
        var store = new MemoryBlobStore();
        var versions = new List<string>();
        for (int i = 0; i < 3; i++)
        {
            versions.Add((await ClusterDataset.SaveAsync(store, "set", AlsTestData.Create(40, 20, i))).Facts.Version);
        }

        Assert.Empty(await store.ListAsync($"data/set/{versions[0]}/"));
        Assert.Equal(128, (await store.ListAsync($"data/set/{versions[1]}/")).Count);
        Assert.Equal(versions[2], (await ClusterDataset.OpenAsync(store, "set")).Facts.Version);
        Assert.Equal(["set"], await ClusterDataset.ListAsync(store));
        await ClusterDataset.DeleteAsync(store, "set");
        Assert.Empty(await store.ListAsync(""));
        await Assert.ThrowsAsync<UnknownIdException>(() => ClusterDataset.OpenAsync(store, "set"));
    }

    [Fact]
    public async Task An_altered_block_and_weights_that_are_no_numbers_are_refused()
    {
        var store = new MemoryBlobStore();
        var stored = await ClusterDataset.SaveAsync(store, "set", AlsTestData.Create(40, 20, 1));
        string key = $"data/set/{stored.Facts.Version}/users/05";
        byte[] bytes = (await store.GetAsync(key))!.ToArray();
        bytes[^5] ^= 1;
        await store.PutAsync(key, bytes, replace: true);
        Assert.Contains("users/05", (await Assert.ThrowsAsync<RecsysException>(() => stored.LoadAsync())).Message);
        var ids = IdTable.Sequential(1);
        var bad = new Dataset(ids, ids, new SparseMatrix(1, 1, [0, 1], [0], [float.NaN]));
        await Assert.ThrowsAsync<RecsysException>(() => ClusterDataset.SaveAsync(store, "bad", bad));
        await Assert.ThrowsAsync<InvalidOptionException>(() => ClusterDataset.SaveAsync(store, "no name/", bad));
    }

    [Theory]
    [InlineData(1, AlsSolver.Cholesky, 0, false)]
    [InlineData(2, AlsSolver.ConjugateGradient, 1, true)]
    [InlineData(3, AlsSolver.Subspace, 0, true)]
    public async Task The_model_of_a_stored_run_is_that_of_one_process(int sites, AlsSolver solver, double exponent, bool weighted)
    {
        var data = AlsTestData.Create(500, 120, 5, weighted);
        var options = Options with { Solver = solver, RegularizationExponent = exponent, Regularization = exponent == 0 ? 5 : 0.05 };
        using var expected = AlsTrainer.Train(data, options with { Partitions = 1 });
        using var cluster = await FakeCluster.CreateAsync(data, options, sites);
        using var model = await cluster.TrainAsync();
        AlsTestData.AssertSame(expected, model);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Losing_a_site_in_any_phase_changes_nothing(bool always)
    {
        var data = AlsTestData.Create(300, 80, 6);
        var options = Options with { Solver = AlsSolver.ConjugateGradient };
        using var expected = AlsTrainer.Train(data, options with { Partitions = 1 });
        for (int phase = 0; phase <= 7; phase++)
        {
            using var cluster = await FakeCluster.CreateAsync(data, options, 3, checkpoints: new AlsCheckpointRule { Every = always ? 1 : 100 });
            using var model = await cluster.TrainAsync(loseAt: phase);
            AlsTestData.AssertSame(expected, model);

            // Where nothing is stored, all go back; and where the model was about to be made.
            Assert.Equal(phase < 7 && (always || phase == 0) ? 0 : 1, cluster.Training.Returns);
        }
    }

    [Theory]
    [InlineData(AlsSolver.Cholesky)]
    [InlineData(AlsSolver.ConjugateGradient)]
    public async Task A_site_that_leaves_in_order_stores_its_factors_first_and_nobody_goes_back(AlsSolver solver)
    {
        var data = AlsTestData.Create(300, 80, 6);
        var options = Options with { Solver = solver };
        using var expected = AlsTrainer.Train(data, options with { Partitions = 1 });
        for (int phase = 0; phase <= 7; phase++)
        {
            using var cluster = await FakeCluster.CreateAsync(data, options, 3);
            using var model = await cluster.TrainAsync(leaveAt: phase);
            AlsTestData.AssertSame(expected, model);
            Assert.Equal(0, cluster.Training.Returns);
        }
    }

    [Theory]
    [InlineData(1, 6)]
    [InlineData(2, 4)]
    [InlineData(3, 6)]
    [InlineData(4, 0)]
    public async Task Partitions_go_back_to_the_last_checkpoint(int every, int back)
    {
        var data = AlsTestData.Create(300, 80, 6);
        var options = Options with { Solver = AlsSolver.ConjugateGradient, Iterations = 5 };
        using var expected = AlsTrainer.Train(data, options with { Partitions = 1 });
        using var cluster = await FakeCluster.CreateAsync(data, options, 3, checkpoints: new AlsCheckpointRule { Every = every });
        var begun = new List<int>();
        using var model = await cluster.Training.TrainAsync(
            cluster.Users,
            cluster.Items,
            () => 1,
            (position, isNew, _) =>
            {
                if (!isNew)
                {
                    begun.Add(position.Phase);
                }
                else if (position.Phase == 7 && begun.Count == 0)
                {
                    cluster.Lose(0);
                    cluster.Lose(1);
                }

                return Task.CompletedTask;
            });
        AlsTestData.AssertSame(expected, model);
        Assert.Equal(every == 1 ? [] : [back], begun);
    }

    [Theory]
    [InlineData(1, 14, 3)]
    [InlineData(2, 18, 6)]
    [InlineData(2, 23, 6)]
    [InlineData(3, 29, 8)]
    [InlineData(3, 31, 8)]
    public async Task A_coordinator_that_dies_anywhere_is_followed_by_another(int every, int solves, int iterations)
    {
        var data = AlsTestData.Create(300, 80, 7);
        var options = Options with { Iterations = iterations };
        using var expected = AlsTrainer.Train(data, options with { Partitions = 1 });
        using var cluster = await FakeCluster.CreateAsync(data, options, 2, checkpoints: new AlsCheckpointRule { Every = every });
        int deaths = 0;
        AlsModel? model = null;
        while (model is null)
        {
            try
            {
                // Dies after some number of solving calls, within phases and between them.
                cluster.SolvesLeft = solves;
                model = await cluster.Training.TrainAsync(cluster.Users, cluster.Items, () => 1);
            }
            catch (TimeoutException)
            {
                deaths++;
                cluster.Lose(deaths % 2);
            }
        }

        Assert.InRange(deaths, 2, 40);
        AlsTestData.AssertSame(expected, model);
        model.Dispose();
        await cluster.Training.DeleteAsync();
        Assert.Empty(await cluster.Store.ListAsync("training/"));
    }

    [Theory]
    [InlineData(1, 8)]
    [InlineData(3, 8)]
    [InlineData(100, 0)]
    public async Task State_of_finished_phases_does_not_pile_up(int every, int reports)
    {
        var data = AlsTestData.Create(300, 80, 8);
        var options = Options with { Iterations = 7 };
        using var cluster = await FakeCluster.CreateAsync(data, options, 2, checkpoints: new AlsCheckpointRule { Every = every });
        using var model = await cluster.TrainAsync();
        var kept = await cluster.Store.ListAsync("training/");
        Assert.Single(kept, k => k.Contains("/position/"));
        Assert.InRange(kept.Count(k => k.EndsWith("/report")), reports, 2 * reports);
        Assert.True(await AlsRun.LoadAsync(cluster.Store, "training/t/") is { Options.Partitions: 4 });
    }

    [Fact]
    public async Task The_options_of_a_run_are_those_of_the_command_line_defaults_for_the_data_included()
    {
        var data = AlsTestData.Create(300, 80, 8, weighted: true);
        var store = new MemoryBlobStore();
        var facts = (await ClusterDataset.SaveAsync(store, "d", data)).Facts;
        var bag = new OptionBag([new("factors", "7"), new("iterations", "2")]);
        var run = AlsRun.Create("training/t/", facts, bag, 5);
        await run.SaveAsync(store);
        run = await AlsRun.LoadAsync(store, "training/t/");
        using var model = (AlsModel)Algorithms.Get("als").Train(data, bag);
        Assert.Equal(5, run.Options.Partitions);
        Assert.Equal(model.Options with { Partitions = 0, Threads = 0, Alpha = null }, run.Options with { Partitions = 0, Threads = 0, Alpha = null });
        Assert.Equal(model.Options.EffectiveAlpha, run.Options.EffectiveAlpha);
        Assert.Equal(3, AlsRun.Create("t/", facts, bag.With("partitions", "3"), 5).Options.Partitions);
        Assert.Throws<InvalidOptionException>(() => AlsRun.Create("t/", facts, new OptionBag([new("factor", "7")]), 5));
    }

    private static IEnumerable<string> Ids(IdTable ids) => Enumerable.Range(0, ids.Count).Select(i => ids[i]);
}
