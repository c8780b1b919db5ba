using Recsys.Engine.Logistic;
using Recsys.Engine.Models;
using Recsys.Engine.Negatives;
using Recsys.Engine.Storage;
using Recsys.Engine.Tests.Storage;

namespace Recsys.Engine.Tests.Logistic;

public sealed class LmfModelTests : IDisposable
{
    private readonly LmfModel _model = LmfTrainer.Train(
        PlantedTastes.Make(),
        new LmfOptions { Factors = 20, Epochs = 15, NegativeCount = 8, Threads = 1, Negatives = NegativeSamplerSpec.Popularity() });

    [Fact]
    public void A_fold_in_depends_on_the_history_alone()
    {
        int[] history = [0, 3, 6, 12];
        var first = _model.FoldIn(history, default);
        _model.FoldIn([1, 4], default);
        Assert.Equal(first.Factors.ToArray(), _model.FoldIn(history, default).Factors.ToArray());
        Assert.Equal(first.Factors.ToArray(), _model.FoldIn(history, [1, 1, 1, 1]).Factors.ToArray());
        Assert.NotEqual(first.Factors.ToArray(), _model.FoldIn(history, [1, 1, 5, 1]).Factors.ToArray());
        Parallel.For(0, 16, _ => Assert.Equal(first.Factors.ToArray(), _model.FoldIn(history, default).Factors.ToArray()));
    }

    [Fact]
    public void A_user_without_history_gets_the_popular_items()
    {
        var results = new ScoredItem[5];
        _model.Recommend(_model.FoldIn([], default), ItemFilter.Default, results);
        Assert.All(results, r => Assert.Equal(_model.ItemBias(r.Item), r.Score));
        var nobody = new ScoredItem[5];
        _model.Recommend(UserProfile.Empty, ItemFilter.Default, nobody);
        Assert.Equal(results, nobody);
    }

    [Fact]
    public void Contributions_and_baseline_sum_to_the_score()
    {
        var scores = new float[_model.Items.Count];
        foreach (var user in new[] { _model.GetUser(4), _model.FoldIn([1, 4, 7, 33], default), _model.FoldIn([2, 5], [2, -1]) })
        {
            _model.Score(user, scores);
            foreach (int item in new[] { 0, 10, 89 })
            {
                var why = _model.Explain(user, item);
                Assert.Equal(scores[item], why.Score, 1e-5f);
                Assert.Equal(user.Items.ToArray(), why.Contributions.Select(c => c.Item).Order());
                Assert.Equal(why.Score, why.Baseline + why.Contributions.Sum(c => c.Score), 1e-4f);
            }
        }
    }

    [Fact]
    public void Items_of_the_same_shelf_speak_more_for_an_item_than_others()
    {
        var user = _model.FoldIn([0, 1, 3, 6], default);
        var why = _model.Explain(user, 9);
        Assert.True(why.Contributions.Single(c => c.Item == 3).Score > why.Contributions.Single(c => c.Item == 1).Score);
        Assert.True(why.Contributions[0].Score > 0);
    }

    [Fact]
    public void A_history_out_of_order_or_of_unknown_items_is_refused()
    {
        Assert.Throws<RecsysException>(() => _model.FoldIn([0, 6, 1], default));
        Assert.Throws<RecsysException>(() => _model.FoldIn([0, 90], default));
        Assert.Throws<RecsysException>(() => _model.FoldIn([0, 1], [1]));
    }

    [Fact]
    public void Filters_are_applied_while_scoring()
    {
        var user = _model.GetUser(0);
        var all = new ScoredItem[90];
        int found = _model.Recommend(user, ItemFilter.Default, all);
        Assert.Equal(90 - user.Items.Length, found);
        Assert.DoesNotContain(all[..found], r => user.Items.ToArray().Contains(r.Item));
        Assert.Equal(all[..found].OrderByDescending(r => r.Score).ThenBy(r => r.Item), all[..found]);

        Assert.Equal(90, _model.Recommend(user, new ItemFilter { KeepSeen = true }, all));
        var filter = new ItemFilter { KeepSeen = true, Exclude = new[] { 2, 5 }, Allowed = new ulong[] { 0b111100, 0 } };
        found = _model.Recommend(user, filter, all);
        Assert.Equal([3, 4], all[..found].Select(r => r.Item).Order());
    }

    [Fact]
    public void Similar_items_share_the_shelf_and_opposite_ones_do_not()
    {
        var results = new ScoredItem[5];
        Assert.Equal(5, _model.Similar(3, false, ItemFilter.Default, results));
        Assert.True(results.Count(r => r.Item % 3 == 0) >= 4);
        Assert.DoesNotContain(results, r => r.Item == 3);
        Assert.InRange(results[0].Score, 0, 1);
        Assert.Equal(5, _model.Similar(3, true, ItemFilter.Default, results));
        Assert.True(results[0].Score < 0 && results[0].Score <= results[4].Score);
        Assert.DoesNotContain(results, r => r.Item % 3 == 0);
    }

    [Fact]
    public void A_stored_model_read_back_is_the_same()
    {
        using var folder = new TemporaryFolder();
        string directory = folder["model"];
        ModelStore.Save(_model.ToContents(), directory);
        using var again = (LmfModel)Algorithms.Load(directory);
        LmfTrainerTests.AssertSame(_model, again);
        Assert.Equal(_model.Options with { Threads = 0 }, again.Options);
        Assert.Equal(_model.Losses, again.Losses);
        int[] history = [5, 8, 30];
        Assert.Equal(_model.FoldIn(history, default).Factors.ToArray(), again.FoldIn(history, default).Factors.ToArray());
    }

    [Fact]
    public void A_stored_model_that_lacks_or_misshapes_an_array_is_refused_by_name()
    {
        using var folder = new TemporaryFolder();
        var contents = _model.ToContents();
        var without = contents.Tensors.Where(t => t.Key != "item_bias").ToDictionary();
        ModelStore.Save(contents with { Tensors = without }, folder["without"]);
        var error = Assert.ThrowsAny<RecsysException>(() => Algorithms.Load(folder["without"]));
        Assert.Contains("item_bias", error.Message, StringComparison.Ordinal);
        var wrong = new Dictionary<string, Tensor>(contents.Tensors) { ["item_factors"] = contents.Tensors["user_factors"] };
        ModelStore.Save(contents with { Tensors = wrong }, folder["wrong"]);
        error = Assert.ThrowsAny<RecsysException>(() => Algorithms.Load(folder["wrong"]));
        Assert.Contains("item_factors", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Options_are_taken_by_name_and_unknown_ones_refused()
    {
        var bpr = (LmfAlgorithm)Algorithms.Get("bpr");
        var options = bpr.Parse(new OptionBag(new Dictionary<string, string>
        {
            ["factors"] = "32",
            ["regularization"] = "0.5",
            ["item-regularization"] = "0.25",
            ["negatives"] = "mixed:0.5:hard:4",
            ["dynamic-margin"] = "true",
        }));
        Assert.Equal(
            LmfOptions.For(LmfLoss.Bpr) with
            {
                Factors = 32,
                UserRegularization = 0.5f,
                ItemRegularization = 0.25f,
                Negatives = NegativeSamplerSpec.Parse("mixed:0.5:hard:4"),
                DynamicMargin = true,
            },
            options);
        Assert.Throws<InvalidOptionException>(() => bpr.Parse(OptionBag.Empty.With("alpha", "3")));
        Assert.Throws<InvalidOptionException>(() => bpr.Parse(OptionBag.Empty.With("negatives", "none")));
        foreach (string name in new[] { "lmf", "bpr", "softmax" })
        {
            var algorithm = (LmfAlgorithm)Algorithms.Get(name);
            Assert.Equal(LmfOptions.For(algorithm.Parse(OptionBag.Empty).Loss), algorithm.Parse(OptionBag.Empty));
            Assert.Equal(name, algorithm.Parse(OptionBag.Empty).Algorithm);
        }
    }

    public void Dispose() => _model.Dispose();
}
