using Recsys.Engine.Als;
using Recsys.Engine.Data;
using Recsys.Engine.Ease;
using Recsys.Engine.Models;
using static Recsys.Engine.Tests.Tuning.TuningTestData;

namespace Recsys.Engine.Tests.Tuning;

public sealed class DefaultsFromDataTests
{
    /// <summary>16 users × 4 items, each user two of the items, so 32 pairs: 2 a user, 8 an item, half of all pairs.</summary>
    private static Dataset Half(float weight = 1) => new(
        IdTable.Sequential(16),
        IdTable.Sequential(4),
        new SparseMatrix(
            16, 4, [.. Enumerable.Range(0, 17).Select(u => 2L * u)], [.. Enumerable.Range(0, 32).Select(e => ((e / 2) % 2 * 2) + (e % 2))],
            weight == 1 ? null : [.. Enumerable.Repeat(weight, 32)]));

    [Fact]
    public void The_shape_counts_only_users_and_items_with_interactions()
    {
        var shape = DataShape.Of(new Dataset(
            IdTable.Sequential(4), IdTable.Sequential(5), new SparseMatrix(4, 5, [0, 2, 2, 3, 3], [1, 3, 3], [2, -4, 3])));
        Assert.Equal(new DataShape(2, 2, 3, 3, 29.0 / 3), shape);
        Assert.Equal(0.75, shape.Density);
        Assert.Equal(2 * Math.Sqrt(1.5), shape.NoiseLevel, 12);
    }

    [Fact]
    public void Ease_takes_three_halves_of_the_squared_noise_level()
    {
        // 1.5 (√2 + √8)² = 1.5 · 18
        Assert.Equal(27, EaseOptions.For(Half()).Regularization);
        Assert.Equal(27 * 4, EaseOptions.For(Half(2)).Regularization);
    }

    [Fact]
    public void Als_balances_alpha_by_density_and_takes_lambda_at_four_noise_levels()
    {
        // 2 / √½ = 2.83 is below 5; 4 (√2 + √8) = 16.97
        var options = AlsOptions.For(Half());
        Assert.Equal(5, options.Alpha);
        Assert.Equal(17, options.Regularization);
        Assert.Equal(2.5, AlsOptions.For(Half(2)).Alpha);
        Assert.Equal(17, AlsOptions.For(Half(2)).Regularization);
    }

    [Theory]
    [InlineData(5034, 3502, 480_438, 12.1, 85.9)] // MovieLens 1M
    [InlineData(29_858, 40_981, 810_128, 50, 38.6)] // Gowalla
    public void The_rules_give_these_on_known_shapes(int users, int items, long pairs, double alpha, double lambda)
    {
        var options = AlsOptions.For(new DataShape(users, items, pairs), new AlsOptions(), true);
        Assert.Equal(alpha, options.Alpha);
        Assert.Equal(lambda, options.Regularization);
    }

    [Fact]
    public void What_is_given_is_taken_as_it_is()
    {
        var als = Algorithms.Get("als");
        var given = Bag(("alpha", "7.125"), ("regularization", "33"));
        Assert.Same(given, als.Complete(Half(), given));
        using var model = (AlsModel)als.Train(Half(), Bag(("alpha", "7.125"), ("regularization", "33"), ("factors", "4")));
        Assert.Equal(7.125, model.Options.Alpha);
        Assert.Equal(33, model.Options.Regularization);
        Assert.Equal("7.125", als.Complete(Half(), Bag(("alpha", "7.125"))).Text("alpha"));
        using var ease = (EaseModel)Algorithms.Get("ease").Train(Half(), Bag(("regularization", "3")));
        Assert.Equal(3, ease.Options.Regularization);
    }

    [Fact]
    public void The_values_chosen_are_in_the_models_facts()
    {
        using var als = Algorithms.Get("als").Train(Half(), Bag(("factors", "4")));
        var options = als.ToContents().Facts.Options;
        Assert.Equal(5, options["alpha"]!.GetValue<double>());
        Assert.Equal(17, options["regularization"]!.GetValue<double>());
        using var ease = Algorithms.Get("ease").Train(Half(), OptionBag.Empty);
        Assert.Equal(27, ease.ToContents().Facts.Options["regularization"]!.GetValue<double>());
    }

    [Fact]
    public void Lambda_goes_with_the_root_of_the_confidence_where_alpha_is_given()
    {
        var shape = new DataShape(5034, 3502, 480_438);
        double own = Lambda(shape, new AlsOptions { Alpha = 12.1 }), given = Lambda(shape, new AlsOptions { Alpha = 40 });
        Assert.Equal(Math.Sqrt(41 / 13.1), given / own, 0.01);
    }

    [Fact]
    public void Both_forms_of_the_loss_get_the_same_model_by_default()
    {
        // α₀ = 1/α and λ·α₀/(1 + α₀): docs/als-conventions.md
        var shape = new DataShape(5034, 3502, 480_438);
        double own = Lambda(shape, new AlsOptions { Alpha = 20 }), other = Lambda(shape, new AlsOptions { UnobservedWeight = 0.05 });
        Assert.Equal(own * 0.05 / 1.05, other, own * 0.0005);
    }

    [Fact]
    public void With_an_exponent_the_mean_row_is_regularized_as_without()
    {
        var shape = new DataShape(1000, 1000, 50_000);
        var scaled = AlsOptions.For(shape, new AlsOptions { Alpha = 10, RegularizationExponent = 1 }, true);
        Assert.Equal(Lambda(shape, new AlsOptions { Alpha = 10 }), scaled.RowRegularization(50, 1000), 0.5);
    }

    [Fact]
    public void Help_says_that_they_come_from_the_data()
    {
        foreach (var (model, option) in new[] { ("als", "alpha"), ("als", "regularization"), ("ease", "regularization") })
        {
            Assert.Contains("from data: ", Algorithms.Get(model).Options.First(o => o.Name == option).Summary, StringComparison.Ordinal);
        }
    }

    private static double Lambda(DataShape shape, AlsOptions options) => AlsOptions.For(shape, options, true).Regularization;
}
