using Recsys.Engine.Data;
using Recsys.Engine.Ease;

namespace Recsys.Engine.Tests.Ease;

public sealed class EaseLeaveOutTests
{
    [Theory]
    [InlineData(false, false)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    [InlineData(true, true)]
    public void Leaving_a_user_or_some_items_out_gives_the_scores_of_training_without_them(bool keep, bool weighted)
    {
        var data = EaseTestData.Bookshop(200, 100);
        data = weighted ? EaseTestData.Weighted(data) : data;
        var options = new EaseOptions { Regularization = 30 };
        using var model = EaseTrainer.Train(data, options);
        foreach (int user in new[] { 0, 17, 199 })
        {
            int[] row = data.Interactions.Row(user).ToArray();
            float[] weights = data.Interactions.RowValues(user).ToArray();
            int[] places = [.. Enumerable.Range(0, row.Length).Where(e => e % 3 != 1)];
            int[] history = Array.ConvertAll(places, e => row[e]);
            float[] values = weights.Length == 0 ? [] : Array.ConvertAll(places, e => weights[e]);
            var scores = new float[data.Items.Count];
            EaseLeaveOut.Score(model, row, weights, history, values, keep, scores);

            using var without = EaseTrainer.Train(Replaced(data, user, keep ? history : [], keep ? values : []), options);
            var expected = new float[data.Items.Count];
            without.Score(without.FoldIn(history, values), expected);
            for (int i = 0; i < scores.Length; i++)
            {
                Assert.Equal(expected[i], scores[i], 2e-4);
            }

            // and it does make a difference
            model.Score(model.FoldIn(history, values), expected);
            Assert.True(scores.Zip(expected, (a, b) => Math.Abs(a - b)).Max() > 2e-3);
        }
    }

    [Fact]
    public void It_takes_all_of_B_and_the_diagonal_of_P()
    {
        var data = EaseTestData.Bookshop(100, 100);
        foreach (var (options, applies) in new[]
        {
            (new EaseOptions(), true),
            (new EaseOptions { NonNegative = NonNegativeMode.Clip }, false),
            (new EaseOptions { NonNegative = NonNegativeMode.Constrained }, false),
            (new EaseOptions { Density = 0.1 }, false),
        })
        {
            using var model = EaseTrainer.Train(data, options);
            Assert.Equal(applies, EaseLeaveOut.Applies(model));
        }
    }

    private static Dataset Replaced(Dataset data, int user, int[] items, float[] values)
    {
        var offsets = new long[data.Users.Count + 1];
        var columns = new List<int>();
        var weights = data.Interactions.HasValues ? new List<float>() : null;
        for (int u = 0; u < data.Users.Count; u++)
        {
            columns.AddRange(u == user ? items : data.Interactions.Row(u).ToArray());
            weights?.AddRange(u == user ? values : data.Interactions.RowValues(u).ToArray());
            offsets[u + 1] = columns.Count;
        }

        return data with { Interactions = new SparseMatrix(data.Users.Count, data.Items.Count, offsets, [.. columns], weights?.ToArray()) };
    }
}
