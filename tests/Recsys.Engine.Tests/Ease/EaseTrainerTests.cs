using Recsys.Engine.Compute;
using Recsys.Engine.Data;
using Recsys.Engine.Ease;

namespace Recsys.Engine.Tests.Ease;

public sealed class EaseTrainerTests
{
    [Fact]
    public void Two_items_always_taken_together_have_the_weight_computed_by_hand()
    {
        // X = 3 users who have both items: G = [[3+λ, 3], [3, 3+λ]], λ = 1: P = [[4, −3], [−3, 4]] / 7, B_01 = 3/4.
        var data = EaseTestData.FromDense(new double[,] { { 1, 1 }, { 1, 1 }, { 1, 1 } });
        using var model = EaseTrainer.Train(data, new EaseOptions { Regularization = 1 });
        Assert.Equal(0.75f, model.Weight(0, 1), 1e-6f);
        Assert.Equal(0.75f, model.Weight(1, 0), 1e-6f);
        Assert.Equal(0, model.Weight(0, 0));
        Assert.Equal(4 / 7f, model.Weights.InverseDiagonal[0], 1e-6f);
    }

    [Fact]
    public void Items_never_taken_together_by_users_of_a_third_suppress_each_other()
    {
        // Everyone has item 0, and one of 1 and 2: given item 0, having 1 speaks against 2.
        var data = EaseTestData.FromDense(new double[,] { { 1, 1, 0 }, { 1, 0, 1 }, { 1, 1, 0 }, { 1, 0, 1 } });
        using var model = EaseTrainer.Train(data, new EaseOptions { Regularization = 0.5 });
        Assert.True(model.Weight(1, 2) < -0.1f);
        Assert.True(model.Weight(0, 1) > 0.1f);
    }

    [Theory]
    [InlineData(0.5)]
    [InlineData(20)]
    [InlineData(700)]
    public void Weights_equal_the_double_precision_inverse(double lambda)
    {
        var data = EaseTestData.Bookshop();
        var oracle = EaseTestData.OracleWeights(data.Interactions, lambda);
        using var model = EaseTrainer.Train(data, new EaseOptions { Regularization = lambda });
        for (int i = 0; i < data.Items.Count; i++)
        {
            for (int j = 0; j < data.Items.Count; j++)
            {
                Assert.Equal(oracle[i, j], model.Weight(i, j), 1e-4);
            }
        }
    }

    [Fact]
    public void Interaction_weights_count_in_the_gram_matrix()
    {
        var data = EaseTestData.Weighted(EaseTestData.Bookshop(200, 100));
        var oracle = EaseTestData.OracleWeights(data.Interactions, 50);
        using var model = EaseTrainer.Train(data, new EaseOptions { Regularization = 50 });
        for (int i = 0; i < data.Items.Count; i++)
        {
            for (int j = 0; j < data.Items.Count; j++)
            {
                Assert.Equal(oracle[i, j], model.Weight(i, j), 1e-4);
            }
        }
    }

    [Theory]
    [InlineData(2, 1)]
    [InlineData(7, 1)]
    [InlineData(2, 4)]
    [InlineData(7, 64)]
    public void Threads_and_partitions_do_not_change_a_bit(int threads, int partitions)
    {
        var data = EaseTestData.Weighted(EaseTestData.Bookshop(300, 333));
        using var one = EaseTrainer.Train(data, new EaseOptions { Threads = 1, Partitions = 1, Regularization = 30 });
        using var other = EaseTrainer.Train(data, new EaseOptions { Threads = threads, Partitions = partitions, Regularization = 30 });
        for (int i = 0; i < data.Items.Count; i++)
        {
            Assert.True(one.Weights.Dense!.Row(i).SequenceEqual(other.Weights.Dense!.Row(i)), $"row {i} differs");
        }
    }

    [Fact]
    public void Clipping_zeroes_exactly_the_negative_weights()
    {
        var data = EaseTestData.Bookshop();
        using var free = EaseTrainer.Train(data, new EaseOptions { Regularization = 30 });
        using var clipped = EaseTrainer.Train(data, new EaseOptions { Regularization = 30, NonNegative = NonNegativeMode.Clip });
        for (int i = 0; i < data.Items.Count; i++)
        {
            for (int j = 0; j < data.Items.Count; j++)
            {
                Assert.Equal(Math.Max(0, free.Weight(i, j)), clipped.Weight(i, j));
            }
        }

        Assert.True(free.MeasureWeights().NegativeShare > 0.1);
        Assert.Equal(0, clipped.MeasureWeights().NegativeShare);
    }

    [Fact]
    public void The_constrained_solution_meets_the_optimality_conditions()
    {
        // KKT of min ½bᵀGb − G_jᵀb, b ≥ 0: the gradient is 0 where b > 0 and not negative where b = 0.
        const double Lambda = 30;
        var data = EaseTestData.Bookshop();
        using var model = EaseTrainer.Train(data, new EaseOptions { Regularization = Lambda, NonNegative = NonNegativeMode.Constrained });
        var x = EaseTestData.ToMatrix(data.Interactions);
        var gram = x.TransposeThisAndMultiply(x);
        int n = data.Items.Count;
        for (int j = 0; j < n; j += 5)
        {
            for (int i = 0; i < n; i++)
            {
                if (i == j)
                {
                    Assert.Equal(0, model.Weight(i, j));
                    continue;
                }

                double gradient = -gram[i, j] + (Lambda * model.Weight(i, j));
                for (int l = 0; l < n; l++)
                {
                    gradient += gram[i, l] * model.Weight(l, j);
                }

                double tolerance = 1e-3 * (gram[i, i] + Lambda);
                Assert.True(model.Weight(i, j) >= 0);
                Assert.True(gradient > -tolerance, $"({i}, {j}): gradient {gradient}");
                Assert.True(model.Weight(i, j) == 0 || gradient < tolerance, $"({i}, {j}): gradient {gradient}");
            }
        }
    }

    [Theory]
    [InlineData(0.5)]
    [InlineData(0.1)]
    [InlineData(0.01)]
    public void Sparsifying_keeps_the_largest_weights_and_no_others(double density)
    {
        var data = EaseTestData.Bookshop();
        int n = data.Items.Count;
        using var dense = EaseTrainer.Train(data, new EaseOptions { Regularization = 30 });
        using var sparse = EaseTrainer.Train(data, new EaseOptions { Regularization = 30, Density = density });
        long keep = (long)(density * n * n);
        Assert.Equal(keep, sparse.Weights.Sparse!.Count);
        var all = new List<float>();
        for (int i = 0; i < n; i++)
        {
            all.AddRange(dense.Weights.Dense!.Row(i).ToArray().Select(Math.Abs));
        }

        float border = all.OrderDescending().ElementAt((int)keep - 1);
        for (int i = 0; i < n; i++)
        {
            for (int j = 0; j < n; j++)
            {
                float weight = dense.Weight(i, j);
                float expected = Math.Abs(weight) > border ? weight : Math.Abs(weight) < border ? 0 : sparse.Weight(i, j);
                Assert.Equal(expected, sparse.Weight(i, j));
            }
        }
    }

    [Theory]
    [InlineData(0, 1, "regularization")]
    [InlineData(-1, 1, "regularization")]
    [InlineData(double.NaN, 1, "regularization")]
    [InlineData(500, 0, "density")]
    [InlineData(500, 1.5, "density")]
    public void Options_out_of_range_are_refused(double lambda, double density, string named)
    {
        var options = new EaseOptions { Regularization = lambda, Density = density };
        var error = Assert.Throws<InvalidOptionException>(() => EaseTrainer.Train(EaseTestData.Bookshop(), options));
        Assert.Contains(named, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Empty_data_is_refused()
    {
        var empty = new Dataset(IdTable.Sequential(3), IdTable.Sequential(2), new SparseMatrix(3, 2, new long[4], []));
        Assert.Throws<RecsysException>(() => EaseTrainer.Train(empty, new EaseOptions()));
    }

    [Fact]
    public void A_matrix_that_does_not_fit_is_refused_with_the_figure_and_the_way_out()
    {
        long needed = EaseTrainer.EstimateBytes(40_981, new EaseOptions());
        Assert.InRange(needed, 6_700_000_000, 8_500_000_000);
        var error = Assert.Throws<RecsysException>(() => MemoryBudget.Require(needed, 4_000_000_000, "EASE on 40981 items", "use fewer items"));
        Assert.Equal("EASE on 40981 items needs 7.1 GB of memory and 4.0 GB are available: use fewer items", error.Message);
    }

    [Fact]
    public void Cancelling_ends_the_training()
    {
        using var source = new CancellationTokenSource();
        source.Cancel();
        Assert.Throws<OperationCanceledException>(() =>
            EaseTrainer.Train(EaseTestData.Bookshop(), new EaseOptions(), null, source.Token));
    }
}
