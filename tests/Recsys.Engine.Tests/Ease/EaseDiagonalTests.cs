using MathNet.Numerics.LinearAlgebra;
using Recsys.Engine.Compute;
using Recsys.Engine.Data;
using Recsys.Engine.Ease;
using Recsys.Engine.Ease.Distributed;
using Recsys.Engine.Models;
using Recsys.Engine.Online;
using Recsys.Engine.Tests.Ease.Distributed;

namespace Recsys.Engine.Tests.Ease;

/// <summary>Dropout and the exponent of λ.</summary>
public sealed class EaseDiagonalTests
{
    private static readonly EaseOptions Both = new() { Regularization = 4, RegularizationExponent = 0.5, Dropout = 0.3 };

    [Theory]
    [InlineData(1, 0, 0.5, 3 / 7.0)]
    [InlineData(1, 1, 0, 3 / 6.0)]
    [InlineData(2, 1, 0.25, 3 / 10.0)]
    public void Two_items_always_taken_together_have_the_weight_computed_by_hand(double lambda, double exponent, double dropout, double expected)
    {
        // g = 3: 3 + Λ = 3 + 1 + 3, 3 + 3, 3 + 6 + 1; B = 3 / (3 + Λ).
        var data = EaseTestData.FromDense(new double[,] { { 1, 1 }, { 1, 1 }, { 1, 1 } });
        var options = new EaseOptions { Regularization = lambda, RegularizationExponent = exponent, Dropout = dropout };
        using var model = EaseTrainer.Train(data, options);
        Assert.Equal(expected, model.Weight(0, 1), 1e-6);
        Assert.Equal(expected, model.Weight(1, 0), 1e-6);
    }

    [Fact]
    public void Dropout_minimises_the_expected_error_over_all_ways_to_drop_inputs()
    {
        // From the definition: inputs are kept with probability q and divided by q; the item predicted is no input.
        // E‖x_j − x̃w‖² over all masks of every user, and λ‖w‖², gives normal equations that are added up mask by mask.
        const double P = 0.4, Q = 1 - P, Lambda = 0.7;
        var weights = new double[,] { { 1, 1, 0, 2 }, { 1, 0, 1, 1 }, { 0, 1, 1, 0 }, { 2, 1, 0, 1 }, { 1, 1, 3, 0 } };
        int n = weights.GetLength(1);
        using var model = EaseTrainer.Train(EaseTestData.FromDense(weights), new EaseOptions { Regularization = Lambda, Dropout = P });
        for (int j = 0; j < n; j++)
        {
            int[] inputs = [.. Enumerable.Range(0, n).Where(i => i != j)];
            var matrix = Matrix<double>.Build.DenseIdentity(n - 1) * Lambda;
            var target = Vector<double>.Build.Dense(n - 1);
            for (int u = 0; u < weights.GetLength(0); u++)
            {
                for (int mask = 0; mask < 1 << (n - 1); mask++)
                {
                    double probability = Enumerable.Range(0, n - 1).Aggregate(1.0, (p, i) => p * ((mask >> i & 1) == 1 ? Q : P));
                    var input = Vector<double>.Build.Dense(n - 1, i => (mask >> i & 1) == 1 ? weights[u, inputs[i]] / Q : 0);
                    matrix += probability * input.OuterProduct(input);
                    target += probability * weights[u, j] * input;
                }
            }

            var expected = matrix.Solve(target);
            for (int i = 0; i < n - 1; i++)
            {
                Assert.Equal(expected[i], model.Weight(inputs[i], j), 1e-5);
            }
        }
    }

    [Theory]
    [InlineData(20, 0, 0.3, false)]
    [InlineData(4, 0.5, 0, true)]
    [InlineData(2, 0.7, 0.2, true)]
    [InlineData(500, -0.5, 0, false)]
    public void Weights_equal_the_double_precision_inverse(double lambda, double exponent, double dropout, bool weighted)
    {
        var data = weighted ? EaseTestData.Weighted(EaseTestData.Bookshop()) : EaseTestData.Bookshop();
        var x = EaseTestData.ToMatrix(data.Interactions);
        var gram = x.TransposeThisAndMultiply(x);
        for (int i = 0; i < data.Items.Count; i++)
        {
            double g = gram[i, i];
            gram[i, i] += (lambda * (g == 0 ? 1 : Math.Pow(g, exponent))) + (dropout / (1 - dropout) * g);
        }

        var p = gram.Inverse();
        using var model = EaseTrainer.Train(data, new EaseOptions { Regularization = lambda, RegularizationExponent = exponent, Dropout = dropout });
        for (int i = 0; i < data.Items.Count; i++)
        {
            for (int j = 0; j < data.Items.Count; j++)
            {
                Assert.Equal(i == j ? 0 : -p[i, j] / p[j, j], model.Weight(i, j), 1e-4);
            }
        }
    }

    [Fact]
    public async Task Partitions_and_trials_train_the_same_bits()
    {
        var data = EaseTestData.Weighted(EaseTestData.Bookshop(200, 300));
        using var expected = EaseTrainer.Train(data, Both);
        using var pool = new ComputePool(2);
        await using var local = new LocalEase("t", data, Both, 3, 2, pool);
        var outcome = await new EaseCoordinator(local.Plan, local.Partitions).RunAsync(null, default);
        using var collected = await local.CollectAsync(outcome);
        SameBits.Assert(expected, collected);
        using var trials = new EaseAlgorithm().OpenTrials(data);
        var bag = new OptionBag([new("regularization", "4"), new("regularization-exponent", "0.5"), new("dropout", "0.3")]);
        using var tried = (EaseModel)trials.Train(bag, null, default);
        SameBits.Assert(expected, tried);
        Assert.Equal(Both, tried.Options);
    }

    [Fact]
    public void Streaming_refuses_a_diagonal_that_moves_with_the_interactions()
    {
        var data = EaseTestData.Bookshop();
        foreach (var options in new[] { Both with { Dropout = 0 }, Both with { RegularizationExponent = 0 } })
        {
            using var model = EaseTrainer.Train(data, options);
            var error = Assert.Throws<RecsysException>(() => StreamingEase.From(model));
            Assert.Contains("one λ for all items", error.Message, StringComparison.Ordinal);
            var start = new OnlineStart(data) { Ease = model };
            Assert.Throws<RecsysException>(() => OnlineState.Create(start, new OnlineOptions { Ease = new StreamingEaseOptions() }));
        }
    }

    [Theory]
    [InlineData(1, double.NaN, 0, "exponent")]
    [InlineData(1, 0, 1, "dropout")]
    [InlineData(1, 0, -0.1, "dropout")]
    public void Options_out_of_range_are_refused(double lambda, double exponent, double dropout, string named)
    {
        var options = new EaseOptions { Regularization = lambda, RegularizationExponent = exponent, Dropout = dropout };
        var error = Assert.Throws<InvalidOptionException>(() => EaseTrainer.Train(EaseTestData.Bookshop(), options));
        Assert.Contains(named, error.Message, StringComparison.Ordinal);
    }
}
