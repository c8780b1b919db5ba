using Recsys.Engine.Als;
using Recsys.Engine.Compute;
using Recsys.Engine.Data;
using Recsys.Engine.Numerics;

namespace Recsys.Engine.Tests.Als;

public sealed class AlsTrainerTests
{
    public static TheoryData<string, AlsOptions> Forms => new()
    {
        { "plain", new AlsOptions { Factors = 20, Alpha = 8, Regularization = 2 } },
        { "plain, k 32", new AlsOptions { Factors = 32, Alpha = 8, Regularization = 2 } },
        { "more factors than interactions", new AlsOptions { Factors = 77, Alpha = 3, Regularization = 1 } },
        { "one factor", new AlsOptions { Factors = 1, Alpha = 3, Regularization = 1 } },
        { "no excess", new AlsOptions { Factors = 8, Alpha = 0, Regularization = 0.5 } },
        { "frequency-scaled", new AlsOptions { Factors = 20, Alpha = 8, Regularization = 0.1, RegularizationExponent = 1 } },
        { "falling exponent", new AlsOptions { Factors = 20, Alpha = 8, Regularization = 20, RegularizationExponent = -0.5 } },
        { "Rendle", new AlsOptions { Factors = 20, UnobservedWeight = 0.1, Regularization = 0.02, RegularizationExponent = 1 } },
        { "Rendle, unscaled", new AlsOptions { Factors = 20, UnobservedWeight = 0.1, Regularization = 0.5 } },
    };

    [Theory]
    [MemberData(nameof(Forms))]
    public void Every_user_solves_its_normal_equations(string name, AlsOptions options)
    {
        Assert.NotNull(name);
        foreach (var (weighted, dislikes) in new[] { (false, false), (true, false), (true, true) })
        {
            var data = AlsTestData.Create(150, 90, 5, weighted, dislikes);
            using var model = AlsTrainer.Train(data, options with { Iterations = 3 });
            var items = NormalEquations.ToMatrix(model.ItemFactors);
            for (int u = 0; u < data.Users.Count; u++)
            {
                var expected = NormalEquations.Solve(items, data.Interactions.Row(u), data.Interactions.RowValues(u), options);
                var actual = model.UserFactors.Row(u);
                double scale = Math.Max(expected.L2Norm(), 1e-3);
                for (int c = 0; c < options.Factors; c++)
                {
                    Assert.True(Math.Abs(expected[c] - actual[c]) <= 1e-4 * scale, $"user {u}, factor {c}: {actual[c]} for {expected[c]}");
                }
            }
        }
    }

    [Theory]
    [MemberData(nameof(Forms))]
    public async Task The_loss_reported_is_the_loss_and_never_rises(string name, AlsOptions options)
    {
        Assert.NotNull(name);
        var data = AlsTestData.Create(120, 70, 6, weighted: true, dislikes: true);
        foreach (var solver in Enum.GetValues<AlsSolver>())
        {
            var these = options with { Iterations = 12, Solver = solver };
            using var pool = new ComputePool(2);
            using var sides = new LocalSides(data, these, pool);
            var coordinator = new AlsCoordinator(these, sides.Problem, sides.Users, sides.Items) { FinishUsers = false };
            var losses = await coordinator.RunAsync(null, default);
            for (int i = 1; i < losses.Count; i++)
            {
                Assert.True(losses[i] <= losses[i - 1] * (1 + 1e-6), $"{solver}: {losses[i - 1]} → {losses[i]}");
            }

            using DenseMatrix users = sides.CollectUsers(), items = sides.CollectItems();
            double expected = NormalEquations.Loss(
                NormalEquations.ToMatrix(users), NormalEquations.ToMatrix(items), data.Interactions, these);
            Assert.Equal(1, losses[^1] / expected, 1e-5);
        }
    }
}
