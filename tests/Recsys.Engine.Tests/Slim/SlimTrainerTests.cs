using MathNet.Numerics.LinearAlgebra;
using Recsys.Engine.Compute;
using Recsys.Engine.Data;
using Recsys.Engine.Ease;
using Recsys.Engine.Slim;
using Recsys.Engine.Tests.Ease;

namespace Recsys.Engine.Tests.Slim;

public sealed class SlimTrainerTests
{
    [Fact]
    public void Two_items_have_the_weights_computed_by_hand()
    {
        // G = [[4, 3], [3, 3]]; one variable each: w_01 = (3 − l1)/(4 + l2), w_10 = (3 − l1)/(3 + l2).
        var data = EaseTestData.FromDense(new double[,] { { 1, 1 }, { 1, 1 }, { 1, 1 }, { 1, 0 } });
        using var model = SlimTrainer.Train(data, new SlimOptions { L1 = 1, L2 = 2 });
        Assert.Equal(1 / 3f, model.Weight(0, 1), 1e-6f);
        Assert.Equal(2 / 5f, model.Weight(1, 0), 1e-6f);
        Assert.Equal(0, model.Weight(0, 0));
        Assert.Equal(0, model.Weight(1, 1));
    }

    [Fact]
    public void An_l1_of_the_co_occurrence_count_leaves_nothing()
    {
        var data = EaseTestData.FromDense(new double[,] { { 1, 1 }, { 1, 1 }, { 1, 1 }, { 1, 0 } });
        using var model = SlimTrainer.Train(data, new SlimOptions { L1 = 3, L2 = 0 });
        Assert.Equal(0, model.Weights.Sparse!.Count);
    }

    [Fact]
    public void Three_items_of_which_two_exclude_each_other_have_the_signs_computed_by_hand()
    {
        // Everyone has item 0, half have 1, half 2. Column 2: min over (w0, w1) with G = [[4, 2], [2, 2]], target (2, 0), l2 = 1:
        // 5·w0 + 2·w1 = 2, 2·w0 + 3·w1 = 0: w0 = 6/11, w1 = −4/11. Under w ≥ 0: w0 = 2/5, w1 = 0.
        var data = EaseTestData.FromDense(new double[,] { { 1, 1, 0 }, { 1, 0, 1 }, { 1, 1, 0 }, { 1, 0, 1 } });
        using var signed = SlimTrainer.Train(data, new SlimOptions { L1 = 0, L2 = 1, NonNegative = false, Tolerance = 1e-7 });
        Assert.Equal(6 / 11f, signed.Weight(0, 2), 1e-5f);
        Assert.Equal(-4 / 11f, signed.Weight(1, 2), 1e-5f);
        using var nonNegative = SlimTrainer.Train(data, new SlimOptions { L1 = 0, L2 = 1 });
        Assert.Equal(2 / 5f, nonNegative.Weight(0, 2), 1e-6f);
        Assert.Equal(0, nonNegative.Weight(1, 2));
    }

    [Fact]
    public void An_item_that_nobody_has_with_another_can_have_a_negative_weight_on_it()
    {
        // Items 1 and 2 above never co-occur: G_12 = 0. Screening by co-occurrence would lose the weight.
        var data = EaseTestData.FromDense(new double[,] { { 1, 1, 0 }, { 1, 0, 1 }, { 1, 1, 0 }, { 1, 0, 1 } });
        using var signed = SlimTrainer.Train(data, new SlimOptions { L1 = 0.1, L2 = 1, NonNegative = false });
        Assert.True(signed.Weight(1, 2) < -0.1f);
    }

    public static TheoryData<double, double, bool, bool> Penalties() => new()
    {
        { 1, 5, true, false },
        { 0, 20, true, false },
        { 3, 0, true, false },
        { 1, 5, false, false },
        { 0.2, 30, false, false },
        { 2, 10, true, true },
        { 2, 10, false, true },
    };

    [Theory]
    [MemberData(nameof(Penalties))]
    public void Every_column_meets_the_optimality_conditions(double l1, double l2, bool nonNegative, bool weighted)
    {
        var data = weighted ? EaseTestData.Weighted(EaseTestData.Bookshop(250, 100)) : EaseTestData.Bookshop();
        var options = new SlimOptions { L1 = l1, L2 = l2, NonNegative = nonNegative, Tolerance = 1e-6, Iterations = 100_000 };
        var oracle = new ElasticNetOracle(data.Interactions, options);
        using var model = SlimTrainer.Train(data, options);
        for (int j = 0; j < data.Items.Count; j++)
        {
            double violation = oracle.Violation(Column(model, j), j);
            Assert.True(violation < 1e-4, $"column {j}: {violation}");
        }
    }

    [Theory]
    [InlineData(1, 5, true)]
    [InlineData(2, 20, false)]
    public void Weights_equal_those_of_an_independent_solver(double l1, double l2, bool nonNegative)
    {
        var data = EaseTestData.Bookshop(150, 100);
        var options = new SlimOptions { L1 = l1, L2 = l2, NonNegative = nonNegative, Tolerance = 1e-6 };
        var oracle = new ElasticNetOracle(data.Interactions, options);
        using var model = SlimTrainer.Train(data, options);
        for (int j = 0; j < data.Items.Count; j += 9)
        {
            double difference = (oracle.Solve(j) - Column(model, j)).InfinityNorm();
            Assert.True(difference < 1e-4, $"column {j}: {difference}");
        }
    }

    [Fact]
    public void Working_sets_of_many_rounds_lose_nothing()
    {
        // Supports well above the first working set of 32, so that it grows several times and its memory is moved.
        var data = EaseTestData.Bookshop(2000, 300);
        var options = new SlimOptions { L1 = 0, L2 = 300, Tolerance = 1e-6, Iterations = 100_000 };
        var oracle = new ElasticNetOracle(data.Interactions, options);
        using var model = SlimTrainer.Train(data, options);
        int longest = 0;
        for (int j = 0; j < data.Items.Count; j += 7)
        {
            var column = Column(model, j);
            longest = Math.Max(longest, column.Count(w => w != 0));
            Assert.True(oracle.Violation(column, j) < 1e-4, $"column {j}");
        }

        Assert.True(longest > 64, $"{longest}");
    }

    [Fact]
    public void Without_l1_and_with_negative_weights_it_is_ease()
    {
        var data = EaseTestData.Bookshop();
        using var ease = EaseTrainer.Train(data, new EaseOptions { Regularization = 40 });
        using var slim = SlimTrainer.Train(
            data, new SlimOptions { L1 = 0, L2 = 40, NonNegative = false, Tolerance = 1e-7, Iterations = 100_000 });
        AssertSame(ease, slim, 1e-4);
    }

    [Fact]
    public void Without_l1_it_is_constrained_ease()
    {
        var data = EaseTestData.Bookshop();
        using var ease = EaseTrainer.Train(data, new EaseOptions { Regularization = 40, NonNegative = NonNegativeMode.Constrained });
        using var slim = SlimTrainer.Train(data, new SlimOptions { L1 = 0, L2 = 40, Tolerance = 1e-5, Iterations = 100_000 });
        AssertSame(ease, slim, 1e-4);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Threads_and_the_way_the_gram_matrix_is_kept_do_not_change_a_bit(bool nonNegative)
    {
        var data = EaseTestData.Weighted(EaseTestData.Bookshop(300, 333));
        var options = new SlimOptions { L1 = 4, L2 = 30, NonNegative = nonNegative };
        using var one = new ComputePool(1);
        var expected = SlimTrainer.Solve(data.Interactions, options, preferSparse: true, one, null, default);
        Assert.True(expected.Count > 300);
        foreach (int threads in new[] { 1, 2, 7 })
        {
            using var pool = new ComputePool(threads);
            foreach (bool sparse in new[] { true, false })
            {
                var actual = SlimTrainer.Solve(data.Interactions, options, sparse, pool, null, default);
                Assert.True(expected.Offsets.SequenceEqual(actual.Offsets), $"{threads} threads, sparse {sparse}");
                Assert.True(expected.AllColumns.SequenceEqual(actual.AllColumns), $"{threads} threads, sparse {sparse}");
                Assert.True(expected.AllValues.SequenceEqual(actual.AllValues), $"{threads} threads, sparse {sparse}");
            }
        }
    }

    [Fact]
    public void Negative_interaction_weights_are_not_screened_away()
    {
        // Item 1 is disliked by those who like 0 and the target 2: with them G has negative elements.
        var data = EaseTestData.FromDense(new double[,] { { 1, -1, 1, 1 }, { 1, -1, 1, 0 }, { 0, 1, -1, 1 }, { 1, 0, 1, -1 }, { -1, 1, 0, 1 } });
        foreach (bool nonNegative in new[] { true, false })
        {
            var options = new SlimOptions { L1 = 0.1, L2 = 0.5, NonNegative = nonNegative, Tolerance = 1e-7 };
            var oracle = new ElasticNetOracle(data.Interactions, options);
            using var model = SlimTrainer.Train(data, options);
            for (int j = 0; j < 4; j++)
            {
                Assert.True(oracle.Violation(Column(model, j), j) < 1e-5, $"column {j}");
            }
        }
    }

    [Theory]
    [InlineData(-1, 1, 100, 1e-4, "l1")]
    [InlineData(1, double.NaN, 100, 1e-4, "l2")]
    [InlineData(0, 0, 100, 1e-4, "l1 and l2")]
    [InlineData(1, 1, 0, 1e-4, "iterations")]
    [InlineData(1, 1, 100, 0, "tolerance")]
    public void Options_out_of_range_are_refused(double l1, double l2, int iterations, double tolerance, string named)
    {
        var options = new SlimOptions { L1 = l1, L2 = l2, Iterations = iterations, Tolerance = tolerance };
        var error = Assert.Throws<InvalidOptionException>(() => SlimTrainer.Train(EaseTestData.Bookshop(), options));
        Assert.Contains(named, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Empty_data_is_refused()
    {
        var empty = new Dataset(IdTable.Sequential(3), IdTable.Sequential(2), new SparseMatrix(3, 2, new long[4], []));
        Assert.Throws<RecsysException>(() => SlimTrainer.Train(empty, new SlimOptions()));
    }

    [Fact]
    public void Cancelling_ends_the_training()
    {
        using var source = new CancellationTokenSource();
        source.Cancel();
        Assert.Throws<OperationCanceledException>(() =>
            SlimTrainer.Train(EaseTestData.Bookshop(), new SlimOptions(), null, source.Token));
    }

    internal static Vector<double> Column(ItemWeightModel model, int j) =>
        Vector<double>.Build.Dense(model.Items.Count, i => model.Weight(i, j));

    private static void AssertSame(ItemWeightModel expected, ItemWeightModel actual, double tolerance)
    {
        for (int i = 0; i < expected.Items.Count; i++)
        {
            for (int j = 0; j < expected.Items.Count; j++)
            {
                Assert.Equal(expected.Weight(i, j), actual.Weight(i, j), tolerance);
            }
        }
    }
}
