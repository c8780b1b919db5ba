using Recsys.Engine.Data;
using Recsys.Engine.Models;
using Recsys.Engine.Slim;
using Recsys.Engine.Storage;
using Recsys.Engine.Tests.Ease;
using TemporaryFolder = Recsys.Engine.Tests.Data.TemporaryFolder;

namespace Recsys.Engine.Tests.Slim;

public sealed class SlimModelTests
{
    private static readonly SlimOptions Options = new() { L1 = 1.5, L2 = 20, NonNegative = false };

    [Fact]
    public void Scores_are_the_history_times_the_weights_and_contributions_sum_to_them()
    {
        var data = EaseTestData.Weighted(EaseTestData.Bookshop());
        using var model = SlimTrainer.Train(data, Options);
        var scores = new float[data.Items.Count];
        for (int u = 0; u < 20; u++)
        {
            var profile = model.FoldIn(data.Interactions.Row(u), data.Interactions.RowValues(u));
            model.Score(profile, scores);
            var items = data.Interactions.Row(u);
            var weights = data.Interactions.RowValues(u);
            for (int j = 0; j < scores.Length; j++)
            {
                double expected = 0;
                for (int e = 0; e < items.Length; e++)
                {
                    expected += weights[e] * model.Weight(items[e], j);
                }

                Assert.Equal(expected, scores[j], 1e-5);
                Assert.Equal(scores[j], model.Explain(profile, j).Contributions.Sum(c => c.Score), 1e-5f);
            }
        }
    }

    [Fact]
    public void A_stored_model_is_the_same_model()
    {
        var data = EaseTestData.Bookshop();
        using var model = SlimTrainer.Train(data, Options);
        using var folder = new TemporaryFolder();
        string path = Path.Combine(folder.Path, "model");
        ModelStore.Save(model.ToContents(), path);
        using var loaded = Assert.IsType<SlimModel>(Algorithms.Load(path));
        Assert.Equal("slim", loaded.Algorithm);
        Assert.Equal(Options, loaded.Options);
        Assert.True(model.Weights.Sparse!.Offsets.SequenceEqual(loaded.Weights.Sparse!.Offsets));
        Assert.True(model.Weights.Sparse.AllColumns.SequenceEqual(loaded.Weights.Sparse.AllColumns));
        Assert.True(model.Weights.Sparse.AllValues.SequenceEqual(loaded.Weights.Sparse.AllValues));
        var results = new ScoredItem[10];
        var expected = new ScoredItem[10];
        for (int u = 0; u < 30; u++)
        {
            int found = loaded.Recommend(loaded.GetUser(u), ItemFilter.Default, results);
            Assert.Equal(model.Recommend(model.GetUser(u), ItemFilter.Default, expected), found);
            Assert.Equal(expected, results);
        }
    }

    [Fact]
    public void Similar_ranks_what_raises_an_item_and_opposite_what_suppresses_it()
    {
        using var model = SlimTrainer.Train(EaseTestData.Bookshop(), Options);
        var results = new ScoredItem[5];
        int opposites = 0;
        for (int item = 0; item < model.Items.Count; item += 11)
        {
            var weights = Enumerable.Range(0, model.Items.Count).Where(i => i != item).Select(i => (i, w: model.Weight(i, item))).ToList();
            int found = model.Similar(item, opposite: false, ItemFilter.Default, results);
            Assert.Equal(weights.Where(p => p.w > 0).OrderByDescending(p => p.w).Take(5).Select(p => p.i), results[..found].Select(r => r.Item));
            found = model.Similar(item, opposite: true, ItemFilter.Default, results);
            Assert.Equal(weights.Where(p => p.w < 0).OrderBy(p => p.w).Take(5).Select(p => p.i), results[..found].Select(r => r.Item));
            opposites += found;
        }

        Assert.True(opposites > 0);
    }

    [Fact]
    public void Options_are_taken_by_name_and_others_refused()
    {
        var data = EaseTestData.Bookshop(80, 100);
        var algorithm = Algorithms.Get("slim");
        var bag = new OptionBag([new("l1", "0.5"), new("l2", "7"), new("non-negative", "false"), new("iterations", "50"), new("tolerance", "0.001"), new("seed", "1")]);
        using var model = Assert.IsType<SlimModel>(algorithm.Train(data, bag));
        Assert.Equal(new SlimOptions { L1 = 0.5, L2 = 7, NonNegative = false, Iterations = 50, Tolerance = 0.001 }, model.Options);
        Assert.Throws<InvalidOptionException>(() => algorithm.Train(data, new OptionBag([new("non-negative", "clip")])));
        Assert.Throws<InvalidOptionException>(() => algorithm.Train(data, new OptionBag([new("factors", "8")])));
        Assert.InRange(algorithm.EstimateBytes(data, OptionBag.Empty), 1, 1 << 21);
    }
}
