using MathNet.Numerics.LinearAlgebra;
using Recsys.Engine.Als;
using Recsys.Engine.Data;
using Recsys.Engine.Ease;
using Recsys.Engine.Online;
using Recsys.Engine.Serving;
using Recsys.Engine.Tests.Storage;

namespace Recsys.Engine.Tests.Online;

public sealed class ForgetTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Ease_popularity_and_histories_are_as_if_the_user_had_never_been_there()
    {
        var start = OnlineTestData.Start();
        string gone = start.Data.Users[17];
        var events = OnlineTestData.Events(start, 600, 5);
        await using var engine = await OnlineEngine.OpenAsync(Path.Combine(_folder.Path, "a"), OnlineTestData.Options, start);
        await OnlineTestData.Accept(engine, events);
        Assert.True(await engine.ForgetAsync(gone));
        Assert.True(await engine.ForgetAsync("new-3"));
        Assert.False(await engine.ForgetAsync("never seen"));
        Assert.False(await engine.ForgetAsync(gone));

        var never = Without(start.Data, gone);
        await using var other = await OnlineEngine.OpenAsync(
            Path.Combine(_folder.Path, "b"), OnlineTestData.Options, start with { Data = never });
        await OnlineTestData.Accept(other, [.. events.Where(e => e.User != gone && e.User != "new-3")]);
        foreach (string user in new[] { start.Data.Users[1], start.Data.Users[100], "new-7" })
        {
            AssertClose(OnlineTestData.Scores(other, "ease", user), OnlineTestData.Scores(engine, "ease", user), other, engine, 1e-4f);
            AssertClose(OnlineTestData.Scores(other, "popularity", user), OnlineTestData.Scores(engine, "popularity", user), other, engine, 1e-6f);
        }

        // And against retraining from what is left, in all of B.
        var left = engine.State.Read(s => OnlineState.Positives(s.Histories.ToMatrix(s.UserIds.Count, s.ItemIds.Count)));
        var ids = (IdTable.Sequential(left.Rows), IdTable.Sequential(left.Columns));
        using var retrained = EaseTrainer.Train(new Dataset(ids.Item1, ids.Item2, left), new EaseOptions { Regularization = 20 });
        using var streamed = engine.State.Ease!.ToModel(ids.Item1, ids.Item2);
        double largest = 0, worst = 0;
        for (int i = 0; i < left.Columns; i++)
        {
            for (int j = 0; j < left.Columns; j++)
            {
                largest = Math.Max(largest, Math.Abs(retrained.Weight(i, j)));
                worst = Math.Max(worst, Math.Abs(retrained.Weight(i, j) - streamed.Weight(i, j)));
            }
        }

        Assert.True(worst <= 1e-4 * largest, $"{worst} of {largest}");
    }

    [Fact]
    public async Task A_replay_of_the_whole_log_does_not_bring_the_user_back()
    {
        var start = OnlineTestData.Start();
        string gone = start.Data.Users[17];
        string folder = Path.Combine(_folder.Path, "a");
        await using (var engine = await OnlineEngine.OpenAsync(folder, OnlineTestData.Options, start))
        {
            await OnlineTestData.Accept(engine, OnlineTestData.Events(start, 300, 5));
            await OnlineTestData.Accept(engine, [new IncomingEvent(gone, "fresh-1", "click"), new IncomingEvent("secret", "fresh-1", "click")]);
            await engine.ForgetAsync(gone);
            await engine.ForgetAsync("secret");
        }

        // Only the snapshot at position 0 is there: everything is replayed.
        await using var replayed = await OnlineEngine.OpenAsync(folder, OnlineTestData.Options);
        var recommender = replayed.CreateRecommender();
        Assert.Null(await recommender.GetUserAsync(gone));
        Assert.Null(await recommender.GetUserAsync("secret"));
        Assert.True((await recommender.RecommendAsync(new RecommendationQuery { User = gone })).Fallback);

        // A forgotten user may come back, and then begins anew.
        await OnlineTestData.Accept(replayed, [new IncomingEvent(gone, "fresh-2", "click")]);
        Assert.Equal(["fresh-2"], (await recommender.GetUserAsync(gone))!.History.Select(h => h.Item));
    }

    [Fact]
    public async Task Als_items_of_a_forgotten_user_are_solved_from_the_others()
    {
        var start = OnlineTestData.Start();
        int gone = 17;
        await using var engine = await OnlineEngine.OpenAsync(
            Path.Combine(_folder.Path, "a"), OnlineTestData.Options with { Ease = null, Lmf = null }, start);
        int item = start.Data.Interactions.Row(gone)[0];
        int[] others = [.. Enumerable.Range(0, 200).Where(u => u != gone && start.Data.Interactions.Row(u).Contains(item))];
        float[][] factors = [];
        engine.State.Read(s => factors = [.. others.Select(u => s.Als!.UserFactors(u, s.Histories).ToArray())]);
        Assert.True(await engine.ForgetAsync(start.Data.Users[gone]));

        // q = (PᵀP − p pᵀ + λI + Σ α f p_u p_uᵀ)⁻¹ Σ (1 + α f) p_u over the item's other users; all f are 1 here.
        var als = OnlineTestData.AlsOf();
        var trained = start.Als!.UserFactors;
        var a = Matrix<double>.Build.DenseIdentity(16) * als.Regularization;
        for (int u = 0; u < 200; u++)
        {
            if (u != gone)
            {
                a += Outer(trained.Row(u).ToArray());
            }
        }

        var b = Vector<double>.Build.Dense(16);
        foreach (float[] p in factors)
        {
            a += Outer(p) * als.Alpha!.Value;
            b += Vector<double>.Build.Dense(Array.ConvertAll(p, x => (double)x)) * (1 + als.Alpha!.Value);
        }

        var expected = a.Solve(b);
        float[] actual = engine.State.Read(s => s.Als!.ItemFactors.Row(item).ToArray());
        float[] before = start.Als.ItemFactors.Row(item).ToArray();
        Assert.True(before.Zip(actual, (x, y) => Math.Abs(x - y)).Max() > 1e-4);
        for (int f = 0; f < 16; f++)
        {
            Assert.Equal(expected[f], actual[f], 1e-4);
        }

        static Matrix<double> Outer(float[] p)
        {
            var v = Vector<double>.Build.Dense(Array.ConvertAll(p, x => (double)x));
            return v.OuterProduct(v);
        }
    }

    [Fact]
    public async Task Logistic_factors_of_a_forgotten_user_are_dropped_and_the_items_learned_again_from_the_others()
    {
        var start = OnlineTestData.Start();
        await using var engine = await OnlineEngine.OpenAsync(
            Path.Combine(_folder.Path, "a"), OnlineTestData.Options with { Ease = null }, start);
        var events = new List<IncomingEvent>();
        for (int u = 0; u < start.Data.Users.Count; u++)
        {
            foreach (int item in start.Data.Interactions.Row(u))
            {
                events.Add(new IncomingEvent(start.Data.Users[u], start.Data.Items[item], "click"));
            }
        }

        await OnlineTestData.Accept(engine, [.. events, .. events], 500);
        string user = start.Data.Users[4];
        double before = Lift(engine, start.Data);
        float[] learned = OnlineTestData.Scores(engine, "lmf", user);
        Assert.True(await engine.ForgetAsync(user));
        float[] forgotten = OnlineTestData.Scores(engine, "lmf", user);
        Assert.True(engine.State.Read(s => s.Histories.Items(4).IsEmpty));

        // Nothing tells the user from a new one: both get the items' biases and the noise of an untouched row.
        await OnlineTestData.Accept(engine, [new IncomingEvent("newcomer", start.Data.Items[0], "remove"), new IncomingEvent("newcomer", start.Data.Items[0], "view")]);
        float[] fresh = OnlineTestData.Scores(engine, "lmf", "newcomer");
        Assert.True(Distance(forgotten, fresh) < Distance(learned, fresh) / 2);

        // The other readers of the user's books are served about as well as before.
        double after = Lift(engine, start.Data);
        Assert.True(before > 0.5 && after > before * 0.8, $"{before} {after}");

        static double Distance(float[] a, float[] b) => Math.Sqrt(a.Zip(b, (x, y) => (double)(x - y) * (x - y)).Sum());

        // How far readers' scores of the books they have stand above those of the others.
        static double Lift(OnlineEngine engine, Dataset data)
        {
            double lift = 0;
            for (int u = 10; u < 110; u++)
            {
                float[] scores = OnlineTestData.Scores(engine, "lmf", data.Users[u]);
                lift += data.Interactions.Row(u).ToArray().Average(i => scores[i]) - scores.Average();
            }

            return lift / 100;
        }
    }

    private static Dataset Without(Dataset data, string user)
    {
        Assert.True(data.Users.TryGetIndex(user, out int gone));
        var rows = Enumerable.Range(0, data.Users.Count)
            .Select(u => u == gone ? StreamingRow.Empty : StreamingRow.Of(data.Interactions, u)).ToArray();
        return data with { Interactions = StreamingTraining.ToMatrix(rows, data.Users.Count, data.Items.Count) };
    }

    // Item tables of the two engines have the same ids in another order.
    private static void AssertClose(float[] expected, float[] actual, OnlineEngine a, OnlineEngine b, float tolerance)
    {
        string[] names = a.State.Read(s => Enumerable.Range(0, s.ItemIds.Count).Select(i => s.ItemIds[i]).ToArray());
        for (int i = 0; i < names.Length; i++)
        {
            int place = b.State.Read(s => s.ItemIds.TryGetIndex(names[i], out int index) ? index : -1);
            Assert.Equal(expected[i], actual[place], tolerance);
        }
    }
}
