using Recsys.Engine.Blending;
using Recsys.Engine.Data;
using Recsys.Engine.Models;
using Recsys.Engine.Tests.Evaluation;

namespace Recsys.Engine.Tests.Blending;

public sealed class BlendModelTests
{
    private static readonly SparseMatrix TwoUsers = new(2, 4, [0, 1, 3], [0, 1, 2]);

    [Fact]
    public void Scores_are_weighted_sums_of_scores_over_their_deviation()
    {
        // deviations 1 and 3: the scaled scores are 0 2 0 2 and 0 0 2 2
        using var blend = BlendTestData.Fake(TwoUsers, BlendWeights.Of(0.75f, 0.25f), [0, 2, 0, 2], [0, 0, 6, 6]);
        Assert.Equal([0f, 1.5f, 0.5f, 2f], Scores(blend, blend.GetUser(0)));
        var best = new ScoredItem[4];
        Assert.Equal(3, blend.Recommend(blend.GetUser(0), ItemFilter.Default, best));
        Assert.Equal([new ScoredItem(3, 2), new ScoredItem(1, 1.5f), new ScoredItem(2, 0.5f)], best[..3]);
    }

    [Fact]
    public void The_length_of_the_history_chooses_the_weights()
    {
        var weights = new BlendWeights([0, 2, 5], [[1, 0], [0, 1], [-1, 0]]);
        Assert.Equal([0, 0, 1, 1, 1, 2, 2], new[] { 0, 1, 2, 3, 4, 5, 50 }.Select(weights.BandOf));
        Assert.Equal(["0–1 items", "2–4 items", "5 items and more"], Enumerable.Range(0, 3).Select(weights.Describe));
        using var blend = BlendTestData.Fake(TwoUsers, weights, [0, 2, 0, 2], [0, 0, 6, 6]);
        Assert.Equal([0f, 2f, 0f, 2f], Scores(blend, blend.GetUser(0)));
        Assert.Equal([0f, 0f, 2f, 2f], Scores(blend, blend.GetUser(1)));
        Assert.Equal([0f, 2f, 0f, 2f], Scores(blend, blend.FoldIn([], [])));
    }

    [Fact]
    public void A_member_that_scores_all_items_alike_says_nothing()
    {
        using var blend = BlendTestData.Fake(TwoUsers, BlendWeights.Of(0.5f, 0.5f), [7, 7, 7, 7], [0, 0, 6, 6]);
        Assert.Equal([0f, 0f, 1f, 1f], Scores(blend, blend.GetUser(0)));
    }

    [Theory]
    [InlineData("als:factors=8,iterations=3")]
    [InlineData("ease:regularization=20")]
    [InlineData("softmax:factors=8,iterations=3")]
    [InlineData("popularity")]
    public void A_blend_of_one_model_ranks_as_that_model(string member)
    {
        var data = BlendTestData.Data;
        var members = BlendTestData.Train(data, member);
        using var blend = new BlendModel(members, BlendWeights.Of(1), BlendTestData.Facts);
        var expected = new ScoredItem[40];
        var actual = new ScoredItem[40];
        for (int user = 0; user < data.Users.Count; user += 7)
        {
            int found = members[0].Model.Recommend(members[0].Model.GetUser(user), ItemFilter.Default, expected);
            Assert.Equal(found, blend.Recommend(blend.GetUser(user), ItemFilter.Default, actual));
            Assert.Equal(expected[..found].Select(i => i.Item), actual[..found].Select(i => i.Item));
        }

        int alike = members[0].Model.Similar(3, false, ItemFilter.Default, expected);
        Assert.Equal(alike, blend.Similar(3, false, ItemFilter.Default, actual));
        Assert.Equal(expected[..alike].Select(i => i.Item), actual[..alike].Select(i => i.Item));
    }

    [Fact]
    public void Explanations_of_known_and_folded_in_users_sum_to_the_score()
    {
        var data = BlendTestData.Data;
        using var blend = BlendTestData.Make(data);
        int[] some = [1, 4, 7, 10, 22];
        foreach (var user in new[] { blend.GetUser(0), blend.GetUser(149), blend.FoldIn(some, [1, 2, 1, 0.5f, 1]), blend.FoldIn(some, []), blend.FoldIn([], []) })
        {
            var scores = Scores(blend, user);
            for (int item = 0; item < data.Items.Count; item += 11)
            {
                var explanation = blend.Explain(user, item);
                Assert.Equal(scores[item], explanation.Score, 1e-4);
                Assert.Equal(scores[item], explanation.Baseline + explanation.Contributions.Sum(c => c.Score), 1e-4);
                Assert.Equal(user.Items.ToArray(), explanation.Contributions.Select(c => c.Item).Order());
                Assert.Equal(explanation.Contributions.Select(c => Math.Abs(c.Score)).OrderDescending(), explanation.Contributions.Select(c => Math.Abs(c.Score)));
                Assert.Equal(scores[item], blend.Shares(user, item).Sum(s => s.Factor * s.Score), 1e-4);
            }
        }
    }

    [Fact]
    public void What_popularity_says_is_in_the_baseline_and_what_ease_says_in_the_contributions()
    {
        var data = BlendTestData.Data;
        using var blend = new BlendModel(BlendTestData.Train(data, "ease:regularization=20;popularity"), BlendWeights.Of(0.6f, 0.4f), BlendTestData.Facts);
        var user = blend.GetUser(5);
        var shares = blend.Shares(user, 9);
        var explanation = blend.Explain(user, 9);
        Assert.Equal(shares[1].Factor * shares[1].Score, explanation.Baseline, 1e-5);
        Assert.Equal(shares[0].Factor * shares[0].Score, explanation.Contributions.Sum(c => c.Score), 1e-5);
    }

    [Fact]
    public void Similar_items_are_those_of_the_members_together()
    {
        var data = BlendTestData.Data;
        using var blend = BlendTestData.Make(data);
        var found = new ScoredItem[10];
        Assert.Equal(10, blend.Similar(6, false, ItemFilter.Default, found));
        Assert.DoesNotContain(found, f => f.Item == 6);
        Assert.True(found.Count(f => f.Item % 3 == 0) >= 9, "items of the same shelf");
        Assert.Equal(10, blend.Similar(6, true, ItemFilter.Default, found));
        Assert.All(found, f => Assert.True(f.Score < 0));
    }

    [Fact]
    public void Models_of_other_data_and_profiles_of_other_models_are_refused()
    {
        var data = BlendTestData.Data;
        var members = BlendTestData.Train(data, "als:factors=4,iterations=1;popularity");
        var other = BlendTestData.Train(Logistic.PlantedTastes.Make(seed: 2), "popularity");
        Assert.Contains("other data", Assert.Throws<RecsysException>(() =>
            new BlendModel([members[0], other[0]], BlendWeights.Of(1, 1), BlendTestData.Facts)).Message, StringComparison.Ordinal);
        Assert.Throws<RecsysException>(() => new BlendModel(members, BlendWeights.Of(1), BlendTestData.Facts));
        using var blend = new BlendModel(members, BlendWeights.Of(1, 1), BlendTestData.Facts);
        var stranger = new UserProfile(new[] { 1 }, default, new float[9]);
        Assert.Throws<RecsysException>(() => blend.Score(stranger, new float[data.Items.Count]));
        Assert.Equal(data.Items.Count, blend.Recommend(UserProfile.Empty, ItemFilter.Default, new ScoredItem[200]));
    }

    [Fact]
    public void Weights_that_fit_no_bands_are_refused()
    {
        Assert.Throws<RecsysException>(() => new BlendWeights([1], [[1]]));
        Assert.Throws<RecsysException>(() => new BlendWeights([0, 3, 3], [[1], [1], [1]]));
        Assert.Throws<RecsysException>(() => new BlendWeights([0, 3], [[1], [1, 2]]));
        Assert.Throws<RecsysException>(() => new BlendWeights([0], [[float.NaN]]));
        Assert.Throws<RecsysException>(() => new BlendWeights([], []));
    }

    [Fact]
    public void The_scale_is_the_standard_deviation_and_nothing_where_there_is_none()
    {
        var random = new Random(3);
        foreach (int n in new[] { 1, 2, 15, 16, 17, 1000, 70_001 })
        {
            float[] scores = [.. Enumerable.Range(0, n).Select(_ => 5 + random.NextSingle())];
            double mean = scores.Average(s => (double)s);
            double deviation = Math.Sqrt(scores.Average(s => (s - mean) * (s - mean)));
            Assert.Equal(n == 1 ? 0 : 1 / deviation, ScoreScale.InverseDeviation(scores), n == 1 ? 0 : 1e-4 / deviation);
        }

        Assert.Equal(0, ScoreScale.InverseDeviation([]));
        Assert.Equal(0, ScoreScale.InverseDeviation([3, 3, 3]));
        Assert.Equal(0, ScoreScale.InverseDeviation([1, float.NaN, 2]));
        Assert.Equal(0, ScoreScale.InverseDeviation([1, float.PositiveInfinity, 2]));
    }

    private static float[] Scores(BlendModel blend, UserProfile user)
    {
        var scores = new float[blend.Items.Count];
        blend.Score(user, scores);
        return scores;
    }
}
