using Recsys.Engine.Als;
using Recsys.Engine.Ease;
using Recsys.Engine.Models;
using Recsys.Engine.Numerics;
using Recsys.Engine.Tests.Als;
using Recsys.Engine.Tuning;
using static Recsys.Engine.Tests.Tuning.TuningTestData;

namespace Recsys.Engine.Tests.Tuning;

public sealed class TrialTrainerTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_path_of_lambdas_over_one_gram_matrix_equals_separate_trainings_bit_for_bit(bool weighted)
    {
        var data = AlsTestData.Create(200, 90, 3, weighted);
        using ITrialTrainer path = Algorithms.Get("ease").OpenTrials(data);
        foreach (string lambda in (string[])["0.5", "10", "33.3", "1000", "10"])
        {
            foreach (var options in new[] { Bag(("regularization", lambda)), Bag(("regularization", lambda), ("sparsify", "0.1")), Bag(("regularization", lambda), ("non-negative", "constrained")) })
            {
                using var shared = (EaseModel)path.Train(options, null, default);
                using var alone = (EaseModel)Algorithms.Get("ease").Train(data, options);
                Assert.Equal(alone.Options, shared.Options);
                Assert.Equal(alone.Weights.InverseDiagonal, shared.Weights.InverseDiagonal);
                for (int from = 0; from < 90; from += 7)
                {
                    for (int to = 0; to < 90; to++)
                    {
                        Assert.Equal(alone.Weight(from, to), shared.Weight(from, to));
                    }
                }
            }
        }
    }

    [Theory]
    [InlineData("cholesky", "0")]
    [InlineData("cg", "0")]
    [InlineData("cg", "1")]
    [InlineData("subspace", "0.5")]
    public void Trainings_that_go_on_from_fewer_iterations_equal_separate_ones_bit_for_bit(string solver, string exponent)
    {
        var data = AlsTestData.Create(200, 90, 3, weighted: true);
        using ITrialTrainer trials = Algorithms.Get("als").OpenTrials(data);
        foreach (var (factors, iterations) in new[] { (8, 2), (20, 3), (8, 5), (20, 1), (8, 5), (20, 4) })
        {
            var options = Bag(
                ("factors", $"{factors}"), ("iterations", $"{iterations}"), ("solver", solver), ("regularization-exponent", exponent), ("subspace-size", "4"));
            using var shared = (AlsModel)trials.Train(options, null, default);
            using var alone = (AlsModel)Algorithms.Get("als").Train(data, options);
            Assert.Equal(alone.Options, shared.Options);
            Assert.Equal(alone.Losses, shared.Losses);
            AssertSame(alone.UserFactors, shared.UserFactors);
            AssertSame(alone.ItemFactors, shared.ItemFactors);
        }
    }

    private static void AssertSame(DenseMatrix expected, DenseMatrix actual)
    {
        for (int r = 0; r < expected.Rows; r++)
        {
            Assert.True(expected.Row(r).SequenceEqual(actual.Row(r)), $"row {r}");
        }
    }
}
