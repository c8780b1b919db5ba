using Recsys.Engine.Compute;
using Recsys.Engine.Data;
using Recsys.Engine.Logistic;
using Recsys.Engine.Models;
using Recsys.Engine.Negatives;
using Recsys.Engine.Storage;
using Recsys.Engine.Tests.Storage;

namespace Recsys.Engine.Tests.Logistic;

public sealed class OnlineLmfTests
{
    private static readonly LmfOptions Small = new() { Factors = 20, NegativeCount = 4, Threads = 1 };

    [Theory]
    [InlineData(LmfLoss.Logistic)]
    [InlineData(LmfLoss.Bpr)]
    [InlineData(LmfLoss.Softmax)]
    public void Learning_the_clicks_of_an_epoch_online_is_the_batch_epoch_bit_for_bit(LmfLoss loss)
    {
        var data = PlantedTastes.Make();
        var options = Small with { Loss = loss, Blocks = 1, Margin = 0.1f, DynamicMargin = true, Epochs = 0 };
        using var start = LmfTrainer.Train(data, options);
        using var online = OnlineLmf.From(start);
        using var batch = new LmfTraining(data.Interactions, options);
        using var pool = new ComputePool(1);
        batch.RunEpoch(0, pool, default);
        foreach (var (user, element) in batch.Order())
        {
            online.LearnKeyed(user, data.Interactions.AllColumns[element], 1, CounterRandom.Derive(LmfKeys.Epoch(options.Seed, 0), (ulong)element));
        }

        using var learned = online.ToModel(data.Users, data.Items);
        using var trained = batch.Snapshot(data);
        LmfTrainerTests.AssertSame(trained, learned);
        Assert.False(start.UserFactors(0).SequenceEqual(learned.UserFactors(0)));
    }

    [Fact]
    public void Users_and_items_appear_with_their_first_click()
    {
        using var online = new OnlineLmf(Small);
        online.Learn(0, 0);
        online.Learn(2, 5);
        Assert.Equal((3, 6), (online.Users, online.Items));
        for (int i = 0; i < 200; i++)
        {
            online.Learn(3 + (i % 4), i);
        }

        Assert.Equal((7, 200), (online.Users, online.Items));
        using var model = online.ToModel(IdTable.Sequential(7), IdTable.Sequential(200));
        Assert.Equal([5], model.GetUser(2).Items.ToArray());
        Assert.Equal(202, online.Steps);
    }

    [Fact]
    public void Clicks_teach_the_taste()
    {
        var data = PlantedTastes.Make();
        using var online = new OnlineLmf(Small with { LearningRate = 0.2f, NegativeCount = 8 });
        var random = new Random(3);
        int[] order = Enumerable.Range(0, (int)data.Interactions.Count).ToArray();
        random.Shuffle(order);
        int[] userOf = Enumerable.Range(0, data.Interactions.Rows).SelectMany(u => Enumerable.Repeat(u, data.Interactions.RowLength(u))).ToArray();
        for (int pass = 0; pass < 6; pass++)
        {
            foreach (int e in order)
            {
                online.Learn(userOf[e], data.Interactions.AllColumns[e]);
            }
        }

        int own = 0;
        var scratch = new float[online.Items];
        var results = new ScoredItem[10];
        for (int u = 0; u < online.Users; u++)
        {
            online.Recommend(u, ItemFilter.Default, scratch, results);
            own += results.Count(r => r.Item % 3 == u % 3);
        }

        Assert.True(own > 0.7 * 10 * online.Users, $"{own} of {10 * online.Users}");
    }

    [Theory]
    [InlineData("popularity:0.75")]
    [InlineData("in-batch:16")]
    [InlineData("mixed:0.5:hard:4:popularity:1")]
    public void A_restart_from_a_stored_snapshot_learns_on_as_if_nothing_had_been(string negatives)
    {
        var options = Small with { Negatives = NegativeSamplerSpec.Parse(negatives) };
        using var never = new OnlineLmf(options);
        using var before = new OnlineLmf(options);
        Feed(never, 0, 300);
        Feed(before, 0, 300);
        using var snapshot = before.ToModel(IdTable.Sequential(before.Users), IdTable.Sequential(before.Items));
        using var folder = new TemporaryFolder();
        ModelStore.Save(snapshot.ToContents(), folder["snapshot"]);
        using var stored = (LmfModel)Algorithms.Load(folder["snapshot"]);
        using var after = OnlineLmf.From(stored);
        Feed(never, 300, 600);
        Feed(after, 300, 600);
        using var a = never.ToModel(IdTable.Sequential(never.Users), IdTable.Sequential(never.Items));
        using var b = after.ToModel(IdTable.Sequential(after.Users), IdTable.Sequential(after.Items));
        LmfTrainerTests.AssertSame(a, b);
    }

    [Fact]
    public void A_snapshot_does_not_change_when_learning_goes_on()
    {
        using var online = new OnlineLmf(Small);
        Feed(online, 0, 100);
        using var snapshot = online.ToModel(IdTable.Sequential(online.Users), IdTable.Sequential(online.Items));
        float[] factors = snapshot.UserFactors(1).ToArray();
        var history = snapshot.GetUser(1).Items.ToArray();
        Feed(online, 100, 400);
        Assert.Equal(factors, snapshot.UserFactors(1).ToArray());
        Assert.Equal(history, snapshot.GetUser(1).Items.ToArray());
    }

    [Fact]
    public void Dislike_click_and_remove_change_history_and_score()
    {
        using var online = new OnlineLmf(Small with { LearningRate = 0.3f });
        Feed(online, 0, 300);
        var before = new float[online.Items];
        var after = new float[online.Items];
        online.Score(1, before);
        online.Learn(1, 7, -1);
        online.Score(1, after);
        Assert.True(after[7] < before[7]);
        Assert.Equal(-1, Weight(online, 1, 7));
        online.Learn(1, 7, 2);
        Assert.Equal(2, Weight(online, 1, 7));
        online.Learn(1, 7, 0.5f);
        Assert.Equal(2.5f, Weight(online, 1, 7));
        Assert.True(online.Remove(1, 7));
        Assert.False(online.Remove(1, 7));
        Assert.Equal(0, Weight(online, 1, 7));
        Assert.Throws<RecsysException>(() => online.Learn(1, 7, 0));
        Assert.Throws<RecsysException>(() => online.Learn(1, -7));
        Assert.Throws<RecsysException>(() => online.Learn(1, 7, float.NaN));
    }

    [Fact]
    public void A_forgotten_user_is_as_new()
    {
        using var online = new OnlineLmf(Small);
        Feed(online, 0, 300);
        online.ForgetUser(2);
        using var model = online.ToModel(IdTable.Sequential(online.Users), IdTable.Sequential(online.Items));
        Assert.True(model.GetUser(2).Items.IsEmpty);
        using var fresh = new OnlineLmf(Small);
        fresh.Learn(9, 0);
        using var untouched = fresh.ToModel(IdTable.Sequential(10), IdTable.Sequential(1));
        Assert.Equal(untouched.UserFactors(2).ToArray(), model.UserFactors(2).ToArray());
    }

    [Fact]
    public void Learning_allocates_nothing_once_users_and_items_are_known()
    {
        using var online = new OnlineLmf(Small with { Negatives = NegativeSamplerSpec.Parse("mixed:0.5:hard:4:popularity") });
        Feed(online, 0, 2000);
        Assert.Equal(0, Allocation.Least(() => Feed(online, 0, 1000)));
    }

    [Fact]
    public void Many_threads_may_learn_score_and_take_snapshots_at_once()
    {
        using var online = new OnlineLmf(Small);
        var ids = IdTable.Sequential(60);
        Parallel.For(0, 8, t =>
        {
            for (int i = 0; i < 200; i++)
            {
                online.Learn(((t * 31) + i) % 50, i * 7 % 60);
                if (i % 50 == 0)
                {
                    using var model = online.ToModel(ids, ids);
                    online.Score(t, new float[10]);
                }
            }
        });
        Assert.Equal(1600, online.Steps);
    }

    private static void Feed(OnlineLmf online, int from, int to)
    {
        for (int i = from; i < to; i++)
        {
            online.Learn(i * 7 % 23, (int)(CounterRandom.At(4, (ulong)i) % 41), 1 + (i % 3));
        }
    }

    private static float Weight(OnlineLmf online, int user, int item)
    {
        using var model = online.ToModel(IdTable.Sequential(online.Users), IdTable.Sequential(online.Items));
        var profile = model.GetUser(user);
        int at = profile.Items.Span.BinarySearch(item);
        return at < 0 ? 0 : profile.Weights.Span[at];
    }
}
