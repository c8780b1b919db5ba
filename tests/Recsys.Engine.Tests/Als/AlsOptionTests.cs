using Recsys.Engine.Als;
using Recsys.Engine.Compute;
using Recsys.Engine.Data;
using Recsys.Engine.Models;
using Recsys.Engine.Numerics;

namespace Recsys.Engine.Tests.Als;

public sealed class AlsOptionTests
{
    private static readonly AlsOptions Options = new() { Factors = 20, Alpha = 8, Regularization = 2, Iterations = 4 };

    public static TheoryData<AlsOptions, string> Refused => new()
    {
        { Options with { Factors = 0 }, "factors" },
        { Options with { Alpha = -1 }, "alpha" },
        { Options with { Alpha = double.NaN }, "alpha" },
        { Options with { Regularization = -0.1 }, "regularization" },
        { Options with { Regularization = double.PositiveInfinity }, "regularization" },
        { Options with { RegularizationExponent = double.NaN }, "exponent" },
        { Options with { RegularizationExponent = 1, Alpha = 0 }, "alpha" },
        { Options with { UnobservedWeight = 0 }, "unobserved" },
        { Options with { Iterations = 0 }, "iterations" },
        { Options with { Solver = (AlsSolver)9 }, "solver" },
        { Options with { CgSteps = 0 }, "cg" },
        { Options with { SubspaceSize = 0 }, "subspace" },
        { Options with { InitStdDev = 0 }, "stddev" },
        { Options with { Threads = -1 }, "threads" },
        { Options with { Partitions = 65 }, "partitions" },
        { Options with { Partitions = 0 }, "partitions" },
    };

    [Theory]
    [MemberData(nameof(Refused))]
    public void Options_out_of_range_are_refused_by_name(AlsOptions options, string named)
    {
        var data = AlsTestData.Create(20, 10, 1);
        Assert.Contains(named, Assert.Throws<InvalidOptionException>(() => AlsTrainer.Train(data, options)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_two_forms_of_the_loss_are_one_model()
    {
        // Rendle et al.: α₀ and λ. Hu et al.: α = 1/α₀, λ(1 + α₀)/α₀, factors longer by √(1 + α₀) from the start on.
        const double Unobserved = 0.2, Lambda = 0.03;
        double stretch = Math.Sqrt(1 + Unobserved);
        var data = AlsTestData.Create(150, 90, 21);
        foreach (double exponent in new[] { 0, 0.5, 1 })
        {
            foreach (var solver in Enum.GetValues<AlsSolver>())
            {
                var shared = Options with { RegularizationExponent = exponent, Solver = solver, SubspaceSize = 16 };
                using var rendle = AlsTrainer.Train(data, shared with { Alpha = null, UnobservedWeight = Unobserved, Regularization = Lambda });
                using var hu = AlsTrainer.Train(data, shared with
                {
                    Alpha = 1 / Unobserved,
                    Regularization = Lambda * (1 + Unobserved) / Unobserved,
                    InitStdDev = shared.InitStdDev * stretch,
                });
                for (int i = 0; i < 90; i++)
                {
                    for (int c = 0; c < 20; c++)
                    {
                        Assert.Equal(rendle.ItemFactors[i, c] * stretch, hu.ItemFactors[i, c], 2e-4);
                    }
                }

                // The losses differ by the scale α₀/(1 + α₀)² and by what no model can change: α₀/(1 + α₀) a pair.
                double constant = data.Interactions.Count * Unobserved / (1 + Unobserved);
                Assert.Equal(1, (rendle.Losses[^1] - constant) * (1 + Unobserved) * (1 + Unobserved) / Unobserved / hu.Losses[^1], 1e-4);
            }
        }
    }

    [Fact]
    public void All_widths_of_vectors_give_the_same_model_up_to_rounding()
    {
        var data = AlsTestData.Create(150, 90, 22, weighted: true, dislikes: true);
        foreach (var solver in Enum.GetValues<AlsSolver>())
        {
            foreach (double exponent in new[] { 0, 1 })
            {
                var options = Options with { Factors = 40, Solver = solver, RegularizationExponent = exponent, SubspaceSize = 16 };
                var models = new[] { SimdLevel.Portable, SimdLevel.Vector256, SimdLevel.Vector512 }.Select(level => Items(data, options, level)).ToList();
                for (int i = 0; i < 90; i++)
                {
                    for (int c = 0; c < 40; c++)
                    {
                        Assert.Equal(models[0][i, c], models[1][i, c], 2e-4);
                        Assert.Equal(models[0][i, c], models[2][i, c], 2e-4);
                    }
                }
            }
        }
    }

    [Fact]
    public void A_singular_system_is_an_error_that_names_a_row_and_the_way_out()
    {
        // Without regularization, ten items cannot determine twenty factors.
        var data = AlsTestData.Create(20, 10, 23);
        foreach (var solver in Enum.GetValues<AlsSolver>())
        {
            var error = Assert.Throws<NotPositiveDefiniteException>(() => AlsTrainer.Train(data, Options with { Regularization = 0, Solver = solver }));
            Assert.Matches("user 'user-[0-9]+'", error.Message);
            Assert.Contains("raise the regularization", error.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Weights_beyond_float_never_become_not_a_number()
    {
        var data = new Dataset(
            IdTable.FromStrings(["a", "b"]), IdTable.FromStrings(["x", "y"]), new SparseMatrix(2, 2, [0, 2, 3], [0, 1, 1], [1, 3e38f, 2]));
        foreach (var solver in Enum.GetValues<AlsSolver>())
        {
            var error = Assert.ThrowsAny<RecsysException>(() => AlsTrainer.Train(data, Options with { Factors = 4, Solver = solver }));
            Assert.Matches("(user|item) '[abxy]'", error.Message);
        }
    }

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    public void Weights_that_are_not_finite_are_refused_by_name(float weight)
    {
        var data = new Dataset(IdTable.FromStrings(["a", "b"]), IdTable.FromStrings(["x", "y"]), new SparseMatrix(2, 2, [0, 1, 2], [0, 1], [1, weight]));
        string message = Assert.Throws<RecsysException>(() => AlsTrainer.Train(data, Options)).Message;
        Assert.Contains("'b'", message, StringComparison.Ordinal);
        Assert.Contains("'y'", message, StringComparison.Ordinal);
    }

    [Fact]
    public void Rows_without_interactions_have_zero_factors_and_zero_weights_are_none()
    {
        var interactions = new SparseMatrix(3, 3, [0, 2, 3, 4], [0, 1, 1, 2], [1, 2, 1, 0]);
        var data = new Dataset(IdTable.Sequential(3), IdTable.Sequential(3), interactions);
        foreach (var solver in Enum.GetValues<AlsSolver>())
        {
            using var model = AlsTrainer.Train(data, Options with { Solver = solver });
            Assert.All(model.UserFactors.Row(2).ToArray(), x => Assert.Equal(0, x));
            Assert.All(model.ItemFactors.Row(2).ToArray(), x => Assert.Equal(0, x));
            Assert.Contains(model.UserFactors.Row(1).ToArray(), x => x != 0);
        }
    }

    [Fact]
    public void Disliked_items_score_lower()
    {
        var data = AlsTestData.Create(200, 80, 24);
        using var model = AlsTrainer.Train(data, Options);
        int lower = 0, count = 0;
        var scores = new float[80];
        for (int u = 0; u < 50; u++)
        {
            var user = model.GetUser(u);
            for (int item = 0; item < 80; item += 9)
            {
                if (user.Items.Span.Contains(item))
                {
                    continue;
                }

                model.Score(model.FoldIn(user.Items.Span, []), scores);
                float before = scores[item];
                int[] items = [.. user.Items.ToArray().Append(item).Order()];
                float[] weights = [.. items.Select(i => i == item ? -1f : 1f)];
                model.Score(model.FoldIn(items, weights), scores);
                count++;
                lower += Math.Abs(scores[item]) <= Math.Abs(before) ? 1 : 0;
            }
        }

        Assert.Equal(count, lower);
    }

    [Fact]
    public void Nothing_to_train_on_is_an_error()
    {
        var data = new Dataset(IdTable.Sequential(2), IdTable.Sequential(2), new SparseMatrix(2, 2, [0, 0, 0], []));
        Assert.Throws<RecsysException>(() => AlsTrainer.Train(data, Options));
    }

    [Fact]
    public void Memory_is_estimated_before_it_is_spent()
    {
        long small = AlsTrainer.EstimateBytes(1000, 1000, 50_000, false, Options);
        Assert.True(small > 2 * 1000 * 32 * 4);
        Assert.True(AlsTrainer.EstimateBytes(1000, 1000, 50_000, true, Options) > small);
        long huge = AlsTrainer.EstimateBytes(1_000_000_000, 1_000_000, 5_000_000_000, false, Options with { Factors = 1024 });
        Assert.Throws<RecsysException>(() => MemoryBudget.Require(huge, "ALS", "use fewer factors"));
    }

    [Fact]
    public void Training_stops_when_it_is_cancelled_and_tells_its_progress()
    {
        var data = AlsTestData.Create(200, 80, 25);
        using var source = new CancellationTokenSource();
        var reports = new List<TrainingProgress>();
        var progress = new Listener(report =>
        {
            reports.Add(report);
            if (report.Done == 3)
            {
                source.Cancel();
            }
        });
        Assert.ThrowsAny<OperationCanceledException>(() => AlsTrainer.Train(data, Options with { Iterations = 1000 }, progress, source.Token));
        Assert.Equal([1, 2, 3], reports.Select(r => r.Done));
        Assert.All(reports, r => Assert.True(r.Phase == "iteration" && r.Total == 1000 && r.Loss > 0));
    }

    [Fact]
    public void The_algorithm_takes_its_options_by_name_and_refuses_others()
    {
        var algorithm = Algorithms.Get("als");
        var data = AlsTestData.Create(40, 30, 26);
        var bag = new OptionBag([new("factors", "8"), new("solver", "cg"), new("unobserved-weight", "0.1"), new("regularization", "0.01")]);
        using var model = (AlsModel)algorithm.Train(data, bag);

        // The model says what was used, the alpha of that form included.
        Assert.Equal(
            new AlsOptions { Factors = 8, Solver = AlsSolver.ConjugateGradient, Alpha = 1, UnobservedWeight = 0.1, Regularization = 0.01 },
            model.Options);
        Assert.Equal(1, model.Options.EffectiveAlpha);
        Assert.Throws<InvalidOptionException>(() => algorithm.Train(data, bag.With("sparsify", "1")));
        Assert.Throws<InvalidOptionException>(() => algorithm.Train(data, bag.With("solver", "qr")));
        Assert.True(algorithm.EstimateBytes(data, bag) > 0);
    }

    private static DenseMatrix Items(Dataset data, AlsOptions options, SimdLevel level)
    {
        using var pool = new ComputePool(2);
        using var sides = new LocalSides(data, options, pool, level);
        new AlsCoordinator(options, sides.Problem, sides.Users, sides.Items).RunAsync(null, default).GetAwaiter().GetResult();
        return sides.CollectItems();
    }

    private sealed class Listener(Action<TrainingProgress> report) : IProgress<TrainingProgress>
    {
        public void Report(TrainingProgress value) => report(value);
    }
}
