using Recsys.Engine.Data.Synthetic;
using Recsys.Engine.Ease;
using Recsys.Engine.Models;

namespace Recsys.Engine.Tests.Ease;

public sealed class EaseModelTests
{
    private static readonly EaseOptions Options = new() { Regularization = 30 };

    [Theory]
    [InlineData(1)]
    [InlineData(0.2)]
    public void Scores_are_the_history_times_the_weights(double density)
    {
        var data = EaseTestData.Weighted(EaseTestData.Bookshop());
        using var model = EaseTrainer.Train(data, Options with { Density = density });
        var scores = new float[data.Items.Count];
        for (int u = 0; u < 20; u++)
        {
            model.Score(model.GetUser(u), scores);
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
            }
        }
    }

    [Fact]
    public void Contributions_sum_to_the_score_and_come_largest_first()
    {
        var data = EaseTestData.Bookshop();
        using var model = EaseTrainer.Train(data, Options);
        var user = model.GetUser(3);
        var scores = new float[data.Items.Count];
        model.Score(user, scores);
        for (int item = 0; item < scores.Length; item++)
        {
            var explanation = model.Explain(user, item);
            Assert.Equal(scores[item], explanation.Score, 1e-5f);
            Assert.Equal(scores[item], explanation.Baseline + explanation.Contributions.Sum(c => c.Score), 1e-5f);
            Assert.Equal(
                explanation.Contributions.Select(c => Math.Abs(c.Score)),
                explanation.Contributions.Select(c => Math.Abs(c.Score)).OrderDescending());
        }
    }

    [Fact]
    public void Similar_ranks_what_raises_an_item_and_opposite_what_suppresses_it()
    {
        var data = EaseTestData.Bookshop();
        using var model = EaseTrainer.Train(data, Options);
        var results = new ScoredItem[5];
        for (int item = 0; item < data.Items.Count; item += 11)
        {
            var weights = Enumerable.Range(0, data.Items.Count).Where(i => i != item).Select(i => (i, w: model.Weight(i, item))).ToList();
            int found = model.Similar(item, opposite: false, ItemFilter.Default, results);
            Assert.Equal(weights.Where(p => p.w > 0).OrderByDescending(p => p.w).Take(5).Select(p => p.i), results[..found].Select(r => r.Item));
            found = model.Similar(item, opposite: true, ItemFilter.Default, results);
            Assert.Equal(weights.Where(p => p.w < 0).OrderBy(p => p.w).Take(5).Select(p => p.i), results[..found].Select(r => r.Item));
        }
    }

    [Fact]
    public void The_planted_rival_editions_suppress_each_other()
    {
        var catalogue = SyntheticCatalogue.Create(new SyntheticOptions { Users = 3000, Items = 300 });
        using var model = EaseTrainer.Train(catalogue.Data, new EaseOptions { Regularization = 100 });
        var rivals = Enumerable.Range(0, catalogue.Items.Count).Where(i => catalogue.Items[i].OtherEdition >= 0).ToList();
        Assert.NotEmpty(rivals);
        int negative = rivals.Count(i => model.Weight(i, catalogue.Items[i].OtherEdition) < 0);
        Assert.True(negative >= 0.9 * rivals.Count, $"{negative} of {rivals.Count}");
    }
}
