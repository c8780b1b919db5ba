using Recsys.Engine.Compute;
using Recsys.Engine.Data;
using Recsys.Engine.Logistic;
using Recsys.Engine.Models;
using Recsys.Engine.Negatives;
using Recsys.Engine.Online;
using Recsys.Engine.Serving;

namespace Recsys.Engine.Tests.Online;

/// <summary>Live logistic MF asked by a history instead of a user: folded in, nothing learned.</summary>
public sealed class LiveLmfHistoryTests : IDisposable
{
    private readonly string _folder = Path.Combine(Path.GetTempPath(), $"recsys-lmf-{Guid.NewGuid():N}");

    public void Dispose()
    {
        if (Directory.Exists(_folder))
        {
            Directory.Delete(_folder, recursive: true);
        }
    }

    [Theory]
    [InlineData(LmfLoss.Logistic)]
    [InlineData(LmfLoss.Bpr)]
    [InlineData(LmfLoss.Softmax)]
    public void A_history_scores_as_in_a_snapshot_of_the_moment(LmfLoss loss)
    {
        // Uniform draws are the same whether counts change or not; those by popularity come from another table.
        var options = LmfOptions.For(loss) with { Factors = 8, Negatives = NegativeSamplerSpec.Parse("hard:2:uniform"), Seed = 4 };
        using var online = new OnlineLmf(options);
        var (users, items) = (new IdTable(), new IdTable());
        var random = new SplitMix64(1);
        for (int e = 0; e < 3000; e++)
        {
            int user = random.NextInt(60);
            online.Learn(user, (random.NextInt(30) * 2) + (user & 1), random.NextInt(12) == 0 ? -1 : 1);
        }

        Enumerable.Range(0, online.Users).ToList().ForEach(u => users.GetOrAdd($"{u}"));
        Enumerable.Range(0, online.Items).ToList().ForEach(i => items.GetOrAdd($"{i}"));
        using var snapshot = online.ToModel(users, items);
        int[] history = [3, 8, 20, 41];
        float[] weights = [1, 3, -1, 0.25f];
        var expected = new float[online.Items];
        snapshot.Score(snapshot.FoldIn(history, weights), expected);
        var scores = new float[online.Items + 2];
        online.Score(history, weights, scores);
        for (int i = 0; i < expected.Length; i++)
        {
            Assert.Equal(expected[i], scores[i], 1e-5f);
        }

        Assert.Equal([0, 0], scores[^2..]);

        // So are items like another one.
        var ranked = new ScoredItem[5];
        Assert.Equal(5, snapshot.Similar(7, opposite: false, ItemFilter.Default, ranked));
        var likeness = new float[online.Items + 2];
        online.Similar(7, likeness);
        Assert.All(ranked, r => Assert.Equal(r.Score, likeness[r.Item]));
        Assert.Equal([1, 0, 0], [MathF.Round(likeness[7], 5), likeness[^2], likeness[^1]]);

        // What is not known yet counts for nothing.
        var beyond = new float[scores.Length];
        online.Score([3, 8, 20, 41, 70, 99], [.. weights, 5, 5], beyond);
        Assert.Equal(scores, beyond);
    }

    [Theory]
    [InlineData("uniform")]
    [InlineData("popularity:0.75")]
    [InlineData("in-batch:16")]
    [InlineData("mixed:0.5:hard:4:in-batch:16")]
    public async Task Asking_changes_nothing_and_the_same_question_has_the_same_answer(string negatives)
    {
        var options = OnlineTestData.Options with { Ease = null, Lmf = OnlineTestData.Options.Lmf! with { Negatives = NegativeSamplerSpec.Parse(negatives) } };
        var from = OnlineTestData.Start();
        await using var asked = await OnlineEngine.OpenAsync(Path.Combine(_folder, "asked"), options, from);
        await using var quiet = await OnlineEngine.OpenAsync(Path.Combine(_folder, "quiet"), options, from);
        from.Als!.Dispose();
        var events = OnlineTestData.Events(from, 200, 5);
        var query = new RecommendationQuery { Model = "lmf", Count = 30, History = [new(from.Data.Items[2]), new(from.Data.Items[9], -1), new(from.Data.Items[30], 3), new("unheard of")] };
        foreach (var some in events.Chunk(50))
        {
            var first = await asked.CreateRecommender().RecommendAsync(query);
            Assert.Equal(("lmf", false, 30), (first.Model, first.Fallback, first.Items.Count));
            Assert.DoesNotContain(first.Items, i => query.History.Any(h => h.Item == i.Id));
            var second = await asked.CreateRecommender().RecommendAsync(query);
            Assert.Equal(first.Items.Select(i => (i.Id, i.Score)), second.Items.Select(i => (i.Id, i.Score)));
            await OnlineTestData.Accept(asked, some);
            await OnlineTestData.Accept(quiet, some);
        }

        foreach (string user in new[] { from.Data.Users[0], from.Data.Users[17], events.First(e => e.User.StartsWith("new", StringComparison.Ordinal)).User })
        {
            Assert.Equal(OnlineTestData.Scores(quiet, "lmf", user), OnlineTestData.Scores(asked, "lmf", user));
        }

        var answer = await asked.CreateRecommender().RecommendAsync(query);
        var same = await quiet.CreateRecommender().RecommendAsync(query);
        Assert.Equal(same.Items.Select(i => (i.Id, i.Score)), answer.Items.Select(i => (i.Id, i.Score)));
    }

    [RealDataTheory]
    [InlineData(LmfLoss.Logistic)]
    [InlineData(LmfLoss.Bpr)]
    [InlineData(LmfLoss.Softmax)]
    public async Task Held_out_items_rank_higher_than_by_popularity_on_ml_100k(LmfLoss loss)
    {
        var all = Dataset.Load(RealData.Path("ml-100k/u.data"), new ReadOptions { MinWeight = 4, Binary = true });
        int[] held = [.. Enumerable.Range(0, all.Users.Count).Where(u => u % 16 == 0)];
        var (users, offsets, columns) = (new IdTable(), new List<long> { 0 }, new List<int>());
        foreach (int u in Enumerable.Range(0, all.Users.Count).Except(held))
        {
            users.GetOrAdd(all.Users[u]);
            columns.AddRange(all.Interactions.Row(u));
            offsets.Add(columns.Count);
        }

        var train = new Dataset(users, all.Items, new SparseMatrix(users.Count, all.Items.Count, [.. offsets], [.. columns]));
        var options = LmfOptions.For(loss) with { Factors = 32, Epochs = 10 };
        using var model = LmfTrainer.Train(train, options);
        await using var engine = await OnlineEngine.OpenAsync(_folder, new OnlineOptions { Lmf = options }, new OnlineStart(train) { Lmf = model });
        var recommender = engine.CreateRecommender();
        double lmf = 0, popularity = 0;
        foreach (int u in held.Where(u => all.Interactions.RowLength(u) >= 10))
        {
            int[] row = all.Interactions.Row(u).ToArray();
            var query = new RecommendationQuery { Count = 20, History = [.. row.Where((_, e) => e % 5 != 0).Select(i => new HistoryItem(all.Items[i]))] };
            var wanted = row.Where((_, e) => e % 5 == 0).Select(i => all.Items[i]).ToHashSet();
            lmf += Recall(await recommender.RecommendAsync(query with { Model = "lmf" }), wanted);
            popularity += Recall(await recommender.RecommendAsync(query with { Model = "popularity" }), wanted);
        }

        Assert.True(lmf > 1.4 * popularity, $"recall@20: lmf {lmf:F2}, popularity {popularity:F2}");

        static double Recall(RecommendationList list, HashSet<string> wanted) =>
            list.Items.Count(i => wanted.Contains(i.Id)) / (double)Math.Min(20, wanted.Count);
    }
}
