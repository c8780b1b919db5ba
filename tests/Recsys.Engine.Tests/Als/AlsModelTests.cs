using FsCheck;
using FsCheck.Fluent;
using Recsys.Engine.Als;
using Recsys.Engine.Data;
using Recsys.Engine.Models;
using Recsys.Engine.Numerics;
using Recsys.Engine.Storage;

namespace Recsys.Engine.Tests.Als;

public sealed class AlsModelTests
{
    private static readonly AlsOptions Options = new() { Factors = 20, Alpha = 8, Regularization = 2, Iterations = 5 };

    [Theory]
    [InlineData(AlsSolver.Cholesky)]
    [InlineData(AlsSolver.ConjugateGradient)]
    [InlineData(AlsSolver.Subspace)]
    public void A_trained_user_is_the_fold_in_of_its_history(AlsSolver solver)
    {
        var data = AlsTestData.Create(150, 90, 11, weighted: true, dislikes: true);
        using var model = AlsTrainer.Train(data, Options with { Solver = solver });
        for (int u = 0; u < data.Users.Count; u++)
        {
            var trained = model.GetUser(u);
            var folded = model.FoldIn(trained.Items.Span, trained.Weights.Span);
            for (int c = 0; c < Options.Factors; c++)
            {
                Assert.Equal(trained.Factors.Span[c], folded.Factors.Span[c], 2e-4f);
            }
        }
    }

    [Fact]
    public void Fold_in_solves_the_normal_equations_of_any_history()
    {
        var data = AlsTestData.Create(150, 90, 12, weighted: true);
        var forms = new[]
        {
            Options,
            Options with { RegularizationExponent = 0.7, Regularization = 0.3 },
            Options with { Alpha = null, UnobservedWeight = 0.05, RegularizationExponent = 1, Regularization = 0.01 },
        };
        foreach (var options in forms)
        {
            using var model = AlsTrainer.Train(data, options);
            var items = NormalEquations.ToMatrix(model.ItemFactors);
            var histories = Gen.Choose(0, 89).ListOf().Select(i => i.Distinct().Order().ToArray()).ToArbitrary();
            Prop.ForAll(histories, history =>
            {
                float[] weights = [.. history.Select(i => (i % 7) - 2.5f)];
                var expected = NormalEquations.Solve(items, history, weights, options);
                var actual = model.FoldIn(history, weights).Factors.Span;
                for (int c = 0; c < options.Factors; c++)
                {
                    if (Math.Abs(expected[c] - actual[c]) > 1e-4 * Math.Max(expected.L2Norm(), 1e-3))
                    {
                        return false;
                    }
                }

                return true;
            }).QuickCheckThrowOnFailure();
        }
    }

    [Fact]
    public void Contributions_sum_to_the_score_and_the_largest_come_first()
    {
        var data = AlsTestData.Create(150, 90, 13, weighted: true, dislikes: true);
        using var model = AlsTrainer.Train(data, Options);
        var scores = new float[90];
        bool negative = false;
        for (int u = 0; u < 40; u++)
        {
            var user = model.GetUser(u);
            var folded = model.FoldIn(user.Items.Span, user.Weights.Span);
            model.Score(folded, scores);
            for (int item = 0; item < 90; item += 7)
            {
                var explanation = model.Explain(user, item);
                Assert.Equal(item, explanation.Item);
                Assert.Equal(0, explanation.Baseline);
                Assert.Equal(scores[item], explanation.Score, 1e-4f);
                Assert.Equal(explanation.Score, explanation.Contributions.Sum(c => c.Score), 1e-4f);
                Assert.Equal(user.Items.ToArray(), explanation.Contributions.Select(c => c.Item).Order());
                Assert.Equal(
                    explanation.Contributions.OrderByDescending(c => Math.Abs(c.Score)).Select(c => c.Item), explanation.Contributions.Select(c => c.Item));
                negative |= explanation.Contributions.Any(c => c.Score < -1e-3);
            }
        }

        Assert.True(negative);
    }

    [Fact]
    public void Recommendations_are_the_highest_scores_outside_history_and_filters()
    {
        var data = AlsTestData.Create(150, 90, 14);
        using var model = AlsTrainer.Train(data, Options);
        var user = model.GetUser(1);
        var scores = new float[90];
        model.Score(user, scores);
        int[] exclude = [5, 17, 60];
        var allowed = new ulong[2];
        for (int i = 0; i < 90; i += 2)
        {
            allowed[i >> 6] |= 1UL << (i & 63);
        }

        var results = new ScoredItem[10];
        int count = model.Recommend(user, new ItemFilter { Exclude = exclude, Allowed = allowed }, results);
        var expected = Enumerable.Range(0, 90).Where(i => i % 2 == 0 && !exclude.Contains(i) && !user.Items.ToArray().Contains(i))
            .OrderByDescending(i => scores[i]).ThenBy(i => i).Take(10).ToArray();
        Assert.Equal(expected, results.Take(count).Select(r => r.Item));
        Assert.All(results, r => Assert.Equal(scores[r.Item], r.Score));
    }

    [Fact]
    public void Similar_items_have_the_largest_cosine_and_opposites_the_most_negative()
    {
        var data = AlsTestData.Create(300, 60, 15);
        using var model = AlsTrainer.Train(data, Options);
        var q = NormalEquations.ToMatrix(model.ItemFactors);
        double Cosine(int i) => q.Row(7).DotProduct(q.Row(i)) / (q.Row(7).L2Norm() * q.Row(i).L2Norm());
        var others = Enumerable.Range(0, 60).Where(i => i != 7 && q.Row(i).L2Norm() > 0).ToList();
        var results = new ScoredItem[5];
        Assert.Equal(5, model.Similar(7, false, ItemFilter.Default, results));
        Assert.Equal(others.OrderByDescending(Cosine).Take(5), results.Select(r => r.Item));
        Assert.All(results, r => Assert.Equal(Cosine(r.Item), r.Score, 1e-5));
        int count = model.Similar(7, true, ItemFilter.Default, results);
        Assert.Equal(others.Where(i => Cosine(i) < 0).OrderBy(Cosine).Take(5), results.Take(count).Select(r => r.Item));
        Assert.True(count > 0);
        Assert.All(results.Take(count), r => Assert.Equal(Cosine(r.Item), r.Score, 1e-5));
    }

    [Fact]
    public void Nobody_and_empty_histories_score_zero()
    {
        var data = AlsTestData.Create(50, 30, 16);
        using var model = AlsTrainer.Train(data, Options);
        var scores = new float[30];
        foreach (var user in new[] { UserProfile.Empty, model.FoldIn([], []), model.GetUser(3) })
        {
            scores.AsSpan().Fill(1);
            model.Score(user, scores);
            Assert.All(scores, s => Assert.Equal(0, s));
            Assert.Empty(model.Explain(user, 2).Contributions);
        }
    }

    [Fact]
    public void Histories_that_are_not_histories_are_refused()
    {
        var data = AlsTestData.Create(50, 30, 16);
        using var model = AlsTrainer.Train(data, Options);
        Assert.Throws<RecsysException>(() => model.FoldIn([3, 3], []));
        Assert.Throws<RecsysException>(() => model.FoldIn([4, 3], []));
        Assert.Throws<RecsysException>(() => model.FoldIn([30], []));
        Assert.Throws<RecsysException>(() => model.FoldIn([1, 2], [1]));
        Assert.Contains("'item-2'", Assert.Throws<RecsysException>(() => model.FoldIn([1, 2], [1, float.NaN])).Message);
    }

    [Fact]
    public void Saving_and_loading_changes_nothing()
    {
        var data = AlsTestData.Create(80, 50, 17, weighted: true);
        string folder = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());
        try
        {
            foreach (var options in new[] { Options, Options with { Alpha = null, UnobservedWeight = 0.1, RegularizationExponent = 1, Solver = AlsSolver.Subspace } })
            {
                using var model = AlsTrainer.Train(data, options);
                ModelStore.Save(model.ToContents(), folder);
                using var loaded = (AlsModel)Algorithms.Load(folder);
                Assert.Equal(model.Options with { Alpha = loaded.Options.Alpha }, loaded.Options);
                Assert.Equal(model.Options.EffectiveAlpha, loaded.Options.EffectiveAlpha);
                Assert.Equal(model.Losses, loaded.Losses);
                Assert.True(model.FoldIn([2, 5, 9], [1, 2, -1]).Factors.Span.SequenceEqual(loaded.FoldIn([2, 5, 9], [1, 2, -1]).Factors.Span));
                for (int u = 0; u < 80; u++)
                {
                    Assert.True(model.UserFactors.Row(u).SequenceEqual(loaded.UserFactors.Row(u)));
                }

                Directory.Delete(folder, true);
            }
        }
        finally
        {
            if (Directory.Exists(folder))
            {
                Directory.Delete(folder, true);
            }
        }
    }
}
