using Recsys.Engine.Compute;
using Recsys.Engine.Data;
using Recsys.Engine.Ease;
using Recsys.Engine.Ease.Distributed;

namespace Recsys.Engine.Tests.Ease.Distributed;

public sealed class DistributedEaseTests
{
    [Theory]
    [InlineData(1, 1, 1)]
    [InlineData(2, 1, 2)]
    [InlineData(2, 2, 2)]
    [InlineData(3, 2, 7)]
    [InlineData(5, 3, 2)]
    [InlineData(5, 5, 1)]
    public async Task The_model_is_that_of_one_machine_bit_for_bit(int partitions, int hosts, int threads)
    {
        var data = EaseTestData.Weighted(EaseTestData.Bookshop(300, 700));
        var options = new EaseOptions { Regularization = 30, Threads = 2 };
        using var expected = EaseTrainer.Train(data, options);
        using var pool = new ComputePool(threads);
        await using var local = new LocalEase("t", data, options, partitions, hosts, pool);
        var outcome = await new EaseCoordinator(local.Plan, local.Partitions).RunAsync(null, default);
        using var actual = await local.CollectAsync(outcome);
        SameBits.Assert(expected, actual);
        var layout = new EaseLayout(local.Plan);
        int[] hostOf = [.. Enumerable.Range(0, partitions).Select(local.HostOf)];
        Assert.Equal(EaseTraffic.PanelBytes(layout, hostOf), outcome.Costs.PanelBytes);
        Assert.Equal(EaseTraffic.ExchangeBytes(layout, hostOf), outcome.Costs.ExchangeBytes);
        Assert.Equal(hosts > 1, outcome.Costs.PanelBytes > 0);
    }

    [Fact]
    public async Task A_partition_that_has_all_columns_gives_them_away_and_is_as_one_that_was_lost()
    {
        var data = EaseTestData.Weighted(EaseTestData.Bookshop(100, 200));
        var options = new EaseOptions { Regularization = 30 };
        using var expected = EaseTrainer.Train(data, options);
        using var pool = new ComputePool(2);
        await using var local = new LocalEase("t", data, options, 1, 1, pool);
        var outcome = await new EaseCoordinator(local.Plan, local.Partitions).RunAsync(null, default);
        Assert.Null(local.Owned[0].TakeColumns("t", outcome.Attempt + 1));
        Assert.Null(local.Owned[0].TakeColumns("other", outcome.Attempt));
        using (var copied = await local.CollectAsync(outcome))
        {
            using var taken = await local.CollectAsync(outcome, take: true);
            await Assert.ThrowsAsync<PartitionUnreachableException>(() => local.CollectAsync(outcome, take: true));

            // A call that comes late does not touch what was given away, nor does the end of the partition free it.
            await local.Partitions[0].StartAsync(new EaseStep("t", outcome.Attempt, EasePhase.Gram), default);
            var report = await local.Partitions[0].ReportAsync(1000, default);
            Assert.Equal((EaseStage.Empty, false, null), (report.Stage, report.Running, report.Failure));
            await local.LoseAsync(0);
            SameBits.Assert(expected, taken);
            SameBits.Assert(expected, copied);
        }

        // Who needs them again has them made again, as often as that is.
        for (int attempt = 2; attempt <= 3; attempt++)
        {
            outcome = await new EaseCoordinator(local.Plan, local.Partitions).ResumeAsync(null, default);
            using var again = await local.CollectAsync(outcome, take: true);
            SameBits.Assert(expected, again);
        }
    }

    [Fact]
    public async Task Dropout_an_exponent_and_clipping_are_those_of_one_machine()
    {
        var data = EaseTestData.Weighted(EaseTestData.Bookshop(200, 300));
        var options = new EaseOptions
        {
            Regularization = 3,
            RegularizationExponent = 0.4,
            Dropout = 0.3,
            NonNegative = NonNegativeMode.Clip,
        };
        using var expected = EaseTrainer.Train(data, options);
        using var pool = new ComputePool(2);
        await using var local = new LocalEase("t", data, options, 3, 2, pool);
        var outcome = await new EaseCoordinator(local.Plan, local.Partitions).RunAsync(null, default);
        using var actual = await local.CollectAsync(outcome);
        SameBits.Assert(expected, actual);
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(20, 4)]
    [InlineData(40, 3)]
    public async Task Fewer_blocks_than_partitions_will_do(int items, int partitions)
    {
        var random = new Random(items);
        var weights = new double[50, items];
        foreach (var (u, i) in Enumerable.Range(0, 50).SelectMany(u => Enumerable.Range(0, items).Select(i => (u, i))))
        {
            weights[u, i] = random.Next(3) == 0 ? random.Next(1, 4) : 0;
        }

        var data = EaseTestData.FromDense(weights);
        var options = new EaseOptions { Regularization = 5, NonNegative = NonNegativeMode.Clip };
        using var expected = EaseTrainer.Train(data, options);
        using var pool = new ComputePool(2);
        await using var local = new LocalEase("t", data, options, partitions, partitions, pool);
        var outcome = await new EaseCoordinator(local.Plan, local.Partitions).RunAsync(null, default);
        using var actual = await local.CollectAsync(outcome);
        SameBits.Assert(expected, actual);
    }

    /// <summary>Blocks of 384 columns, and panels that take several messages.</summary>
    [RealDataFact]
    [Trait("Category", "Long")]
    public async Task A_large_matrix_is_trained_to_the_same_bits()
    {
        var all = Dataset.Load(RealData.Path("gowalla/train.txt")).Interactions;
        const int Items = 12_500;
        var offsets = new long[all.Rows + 1];
        var columns = new List<int>();
        for (int u = 0; u < all.Rows; u++)
        {
            columns.AddRange(all.Row(u).ToArray().Where(i => i < Items));
            offsets[u + 1] = columns.Count;
        }

        var data = new Dataset(
            IdTable.Sequential(all.Rows), IdTable.Sequential(Items), new SparseMatrix(all.Rows, Items, offsets, [.. columns]));
        var options = new EaseOptions { Regularization = 100 };
        using var expected = EaseTrainer.Train(data, options);
        using var pool = new ComputePool(2);
        await using var local = new LocalEase("t", data, options, 3, 3, pool);
        Assert.Equal(384, local.Plan.Block);
        var outcome = await new EaseCoordinator(local.Plan, local.Partitions).RunAsync(null, default);
        using var actual = await local.CollectAsync(outcome);
        SameBits.Assert(expected, actual);
    }

    [RealDataTheory]
    [InlineData(2, 2)]
    [InlineData(3, 1)]
    [InlineData(5, 3)]
    public async Task Movielens_is_trained_to_the_same_bits(int partitions, int hosts)
    {
        var data = Dataset.Load(RealData.Path("ml-1m/train.tsv"));
        var options = new EaseOptions { Regularization = 700, NonNegative = partitions == 3 ? NonNegativeMode.Clip : NonNegativeMode.Off };
        using var expected = EaseTrainer.Train(data, options);
        using var pool = new ComputePool(2);
        await using var local = new LocalEase("t", data, options, partitions, hosts, pool);
        var outcome = await new EaseCoordinator(local.Plan, local.Partitions).RunAsync(null, default);
        using var actual = await local.CollectAsync(outcome);
        SameBits.Assert(expected, actual);
    }
}
