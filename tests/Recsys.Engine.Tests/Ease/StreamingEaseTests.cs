using Recsys.Engine.Compute;
using Recsys.Engine.Data;
using Recsys.Engine.Ease;
using Recsys.Engine.Models;

namespace Recsys.Engine.Tests.Ease;

public sealed class StreamingEaseTests
{
    private const double Lambda = 40;
    private static readonly StreamingEaseOptions Options = new() { Regularization = Lambda, UsersPerStep = 8, Threads = 2 };

    [Fact]
    public void Scores_are_those_of_the_trained_model()
    {
        var data = EaseTestData.Weighted(EaseTestData.Bookshop());
        using var model = EaseTrainer.Train(data, new EaseOptions { Regularization = Lambda });
        using var trained = StreamingEase.Train(data, Options);
        using var taken = StreamingEase.From(model, Options);
        var expected = new float[data.Items.Count];
        var actual = new float[data.Items.Count];
        for (int user = 0; user < 20; user++)
        {
            var profile = model.GetUser(user);
            model.Score(profile, expected);
            trained.Score(profile.Items.Span, profile.Weights.Span, actual);
            AssertClose(expected, actual, 1e-5f);
            taken.Score(profile.Items.Span, profile.Weights.Span, actual);
            AssertClose(expected, actual, 1e-5f);

            var best = new ScoredItem[10];
            var streamed = new ScoredItem[10];
            int found = model.Recommend(profile, ItemFilter.Default, best);
            Assert.Equal(found, trained.Recommend(profile.Items.Span, profile.Weights.Span, ItemFilter.Default, streamed));
            AssertClose(best.Select(b => b.Score).ToArray(), streamed.Select(b => b.Score).ToArray(), 1e-5f);
        }
    }

    [Theory]
    [InlineData(1, false)]
    [InlineData(2, false)]
    [InlineData(3, true)]
    [InlineData(4, true)]
    public void After_many_random_changes_the_weights_are_those_of_retraining(ulong seed, bool weighted)
    {
        var data = EaseTestData.Bookshop(300, 100);
        data = weighted ? EaseTestData.Weighted(data) : data;
        using var stream = StreamingEase.Train(data, Options);
        int users = data.Users.Count, items = data.Items.Count;
        var random = new SplitMix64(seed);
        for (int change = 0; change < 2000; change++)
        {
            switch (random.NextInt(20))
            {
                case 0:
                    stream.Erase(random.NextInt(users));
                    break;
                case 1:
                    stream.Add(users++, random.NextInt(items), 1);
                    break;
                case 2 when items < 150:
                    stream.Add(random.NextInt(users), items++, 1);
                    break;
                case < 8:
                    stream.Remove(random.NextInt(users), random.NextInt(items));
                    break;
                default:
                    stream.Set(random.NextInt(users), random.NextInt(items), weighted ? 1 + random.NextInt(4) : 1);
                    break;
            }

            if (random.NextInt(40) == 0)
            {
                stream.Flush();
            }
        }

        stream.Flush();
        Assert.Equal(0, stream.Pending);
        Assert.True(stream.Steps > 50);
        AssertRetrained(stream, users, items, 1e-4);
    }

    [Fact]
    public void Small_matrices_agree_with_an_inverse_in_double_precision()
    {
        double[,] before = { { 1, 0, 2, 0 }, { 0, 1, 0, 1 }, { 1, 1, 0, 0 }, { 0, 0, 0, 3 }, { 1, 0, 1, 1 } };
        double[,] after = { { 1, 0, 0, 0, 0 }, { 0, 4, 0, 1, 0 }, { 1, 1, 0, 0, 2 }, { 0, 0, 0, 0, 0 }, { 1, 0, 1, 1, 0 }, { 0, 1, 1, 0, 1 } };
        using var stream = StreamingEase.Train(EaseTestData.FromDense(before), Options with { Regularization = 3 });
        stream.Remove(0, 2);
        stream.Add(1, 1, 3);
        stream.Add(2, 4, 2);
        stream.Erase(3);
        stream.SetRow(5, [1, 2, 4], []);
        Assert.Equal(5, stream.Pending);
        Assert.Equal(5, stream.Flush());

        var expected = EaseTestData.OracleWeights(EaseTestData.FromDense(after).Interactions, 3);
        for (int i = 0; i < 5; i++)
        {
            for (int j = 0; j < 5; j++)
            {
                Assert.Equal(expected[i, j], stream.Weight(i, j), 1e-5);
            }
        }
    }

    [Fact]
    public void Many_changes_of_one_user_are_one()
    {
        var data = EaseTestData.Bookshop();
        using var stream = StreamingEase.Train(data, Options);
        for (int item = 0; item < 50; item++)
        {
            stream.Set(7, item, 1);
            stream.Remove(7, item);
            stream.Set(7, item, 2);
        }

        Assert.Equal(1, stream.Pending);
        Assert.Equal(1, stream.Flush());
        Assert.Equal(1, stream.Steps);
        AssertRetrained(stream, data.Users.Count, data.Items.Count, 1e-4);
    }

    [Fact]
    public void What_was_undone_before_the_step_costs_no_step()
    {
        using var stream = StreamingEase.Train(EaseTestData.Bookshop(), Options);
        float weight = stream.Weight(3, 4);
        stream.Set(10_000, 5, 1);
        stream.Erase(10_000);
        stream.Remove(0, 100);
        Assert.Equal(0, stream.Flush());
        Assert.Equal(0, stream.Steps);
        Assert.Equal(weight, stream.Weight(3, 4));
    }

    [Fact]
    public void Erasing_users_gives_the_model_that_never_saw_them()
    {
        var data = EaseTestData.Weighted(EaseTestData.Bookshop());
        using var stream = StreamingEase.Train(data, Options);
        int[] erased = [.. Enumerable.Range(0, 60).Select(u => u * 5)];
        foreach (int user in erased)
        {
            stream.Erase(user);
        }

        stream.Flush();
        var x = data.Interactions;
        var kept = StreamingTraining.ToMatrix(
            [.. Enumerable.Range(0, x.Rows).Select(u => erased.Contains(u) ? StreamingRow.Empty : StreamingRow.Of(x, u))], x.Rows, x.Columns);
        AssertSame(stream, data with { Interactions = kept }, 1e-4);
    }

    [Fact]
    public void A_new_item_scores_nothing_until_someone_has_it_and_then_what_retraining_gives()
    {
        var data = EaseTestData.Bookshop(200, 100);
        using var stream = StreamingEase.Train(data, Options);
        int n = data.Items.Count;
        var scores = new float[n + 100];
        stream.AddItems(n + 100);
        stream.Score([1, 2, n + 50], [], scores);
        Assert.All(scores[n..], s => Assert.Equal(0, s));
        stream.Flush();
        stream.Score([1, 2, n + 50], [], scores);
        Assert.All(scores[n..], s => Assert.Equal(0, s));
        Assert.Equal(0, stream.Weight(n + 50, 1));

        for (int user = 0; user < 30; user++)
        {
            stream.Add(user, n + (user % 3));
        }

        stream.Flush();
        stream.Score([1, 2], [], scores);
        Assert.Contains(scores[n..(n + 3)], s => s != 0);
        AssertRetrained(stream, data.Users.Count, n + 100, 1e-4);
    }

    [Fact]
    public void A_stream_may_begin_with_nothing()
    {
        using var stream = StreamingEase.Train(new SparseMatrix(0, 0, [0], []), Options with { Regularization = 2 });
        for (int user = 0; user < 12; user++)
        {
            stream.SetRow(user, [user % 3, 3 + (user % 4)], []);
            stream.Flush();
        }

        AssertRetrained(stream, 12, 7, 1e-4);
    }

    [Fact]
    public void A_flood_of_changes_is_applied_by_one_new_inverse()
    {
        var data = EaseTestData.Bookshop();
        using var stream = StreamingEase.Train(data, Options);
        for (int user = 0; user < data.Users.Count; user++)
        {
            stream.Set(user, user % data.Items.Count, 1);
        }

        Assert.True(stream.Flush() > data.Items.Count / 3);
        Assert.Equal(0, stream.Steps);
        Assert.Equal(1, stream.Repairs);
        Assert.Equal(0, stream.Pending);
        AssertRetrained(stream, data.Users.Count, data.Items.Count, 1e-4);
    }

    [Fact]
    public void A_cancelled_flush_loses_nothing()
    {
        var data = EaseTestData.Bookshop();
        using var stream = StreamingEase.Train(data, Options);
        for (int user = 0; user < 30; user++)
        {
            stream.Set(user, 5, 3);
        }

        using var cancelled = new CancellationTokenSource();
        cancelled.Cancel();
        Assert.ThrowsAny<OperationCanceledException>(() => stream.Flush(cancelled.Token));
        Assert.Equal(30, stream.Pending);
        Assert.Equal(30, stream.Flush());
        AssertRetrained(stream, data.Users.Count, data.Items.Count, 1e-4);
    }

    [Fact]
    public async Task Drift_is_seen_and_repaired_while_changes_go_on()
    {
        var data = EaseTestData.Bookshop(1000, 300);
        using var stream = StreamingEase.Train(data, Options);
        double fresh = stream.MeasureDrift();
        Assert.InRange(fresh, 0, 1e-4);
        Assert.False(await stream.RepairIfDriftedAsync());

        stream.Disturb(0.01f);
        Assert.True(stream.MeasureDrift() > 1e-3);
        var repair = stream.RepairIfDriftedAsync();
        for (int user = 0; user < 100; user++)
        {
            stream.Set(user, user % 50, 1);
            if (user % 10 == 0)
            {
                stream.Flush();
            }
        }

        Assert.True(await repair);
        stream.Set(3, 310, 1);
        stream.Flush();
        Assert.Equal(1, stream.Repairs);
        Assert.InRange(stream.MeasureDrift(), 0, 10 * fresh);
        AssertRetrained(stream, data.Users.Count, 311, 1e-4);
    }

    [Fact]
    public void A_second_copy_changes_when_readers_wait_and_not_a_bit_of_P()
    {
        var data = EaseTestData.Bookshop(300, 100);
        using var one = StreamingEase.Train(data, Options with { SecondCopyBytes = 0 });
        using var two = StreamingEase.Train(data, Options);
        var random = new SplitMix64(7);
        for (int round = 0; round < 30; round++)
        {
            // More items now and then: within the room there is, and beyond it.
            int items = 100 + (round * 3);
            for (int change = 0; change < 10; change++)
            {
                (int user, int item) = (random.NextInt(320), random.NextInt(items));
                one.Set(user, item, round % 4);
                two.Set(user, item, round % 4);
            }

            one.Flush();
            two.Flush();
            Assert.Equal(one.Items, two.Items);
            for (int i = 0; i < one.Items; i++)
            {
                for (int j = 0; j < one.Items; j++)
                {
                    Assert.Equal(one.Weight(i, j), two.Weight(i, j));
                }
            }
        }

        Assert.Equal(one.Steps, two.Steps);
        Assert.Equal(2 * one.Bytes, two.Bytes);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1 << 20)]
    public async Task Readers_see_the_model_before_or_after_a_step_and_nothing_between(long secondCopyBytes)
    {
        var data = EaseTestData.Bookshop(600, 400);
        using var stream = StreamingEase.Train(data, Options with { UsersPerStep = 64, SecondCopyBytes = secondCopyBytes });
        int[] history = [.. Enumerable.Range(0, 20).Select(i => i * 7)];
        Toggle(false);
        var before = new float[400];
        var after = new float[400];
        stream.Score(history, [], before);
        Toggle(true);
        stream.Score(history, [], after);
        Assert.True(Distance(before, after) > 0.01);

        using var stop = new CancellationTokenSource();
        using var reading = new CountdownEvent(2);
        var readers = Enumerable.Range(0, 2).Select(_ => Task.Run(() =>
        {
            var scores = new float[400];
            int reads = 0;
            for (; !stop.IsCancellationRequested; reads++)
            {
                stream.Score(history, [], scores);
                Assert.True(Math.Min(Distance(before, scores), Distance(after, scores)) < 1e-4, "a half-applied step was seen");
                if (reads == 0)
                {
                    reading.Signal();
                }
            }

            return reads;
        })).ToArray();
        Assert.True(reading.Wait(TimeSpan.FromSeconds(30)), "the readers did not begin");
        for (int round = 0; round < 40; round++)
        {
            Toggle(round % 2 == 1);
        }

        await stop.CancelAsync();
        Assert.All(await Task.WhenAll(readers), reads => Assert.True(reads > 0));

        void Toggle(bool on)
        {
            for (int user = 0; user < 60; user++)
            {
                stream.Set(user, user % 7 * 7, on ? 2 : 0);
            }

            stream.Flush();
        }

        static double Distance(float[] a, float[] b) => a.Zip(b, (x, y) => Math.Abs(x - y)).Max();
    }

    [Fact]
    public void What_cannot_be_a_row_is_refused_and_changes_nothing()
    {
        using var stream = StreamingEase.Train(EaseTestData.Bookshop(), Options);
        Assert.Throws<RecsysException>(() => stream.Set(1, 2, float.NaN));
        Assert.Throws<RecsysException>(() => stream.Set(-1, 2, 1));
        Assert.Throws<RecsysException>(() => stream.Set(1, -2, 1));
        Assert.Throws<RecsysException>(() => stream.SetRow(1, [3, 3], []));
        Assert.Throws<RecsysException>(() => stream.SetRow(1, [3], [1, 2]));
        Assert.Equal(0, stream.Pending);
        Assert.Throws<InvalidOptionException>(() => StreamingEase.Train(EaseTestData.Bookshop(), new StreamingEaseOptions { Regularization = 0 }));
        using var clipped = EaseTrainer.Train(EaseTestData.Bookshop(), new EaseOptions { NonNegative = NonNegativeMode.Clip });
        Assert.Throws<RecsysException>(() => StreamingEase.From(clipped));
    }

    private static void AssertRetrained(StreamingEase stream, int users, int items, double tolerance)
    {
        var histories = stream.ToHistories(users, items);
        AssertSame(stream, new Dataset(IdTable.Sequential(users), IdTable.Sequential(items), histories), tolerance);
    }

    private static void AssertSame(StreamingEase stream, Dataset data, double tolerance)
    {
        using var retrained = EaseTrainer.Train(data, new EaseOptions { Regularization = stream.Options.Regularization });
        using var streamed = stream.ToModel(data.Users, data.Items);
        double largest = 0, worst = 0;
        for (int i = 0; i < data.Items.Count; i++)
        {
            for (int j = 0; j < data.Items.Count; j++)
            {
                largest = Math.Max(largest, Math.Abs(retrained.Weight(i, j)));
                worst = Math.Max(worst, Math.Abs(retrained.Weight(i, j) - streamed.Weight(i, j)));
            }
        }

        Assert.True(largest > 0);
        Assert.True(worst <= tolerance * largest, $"max|ΔB| = {worst}, max|B| = {largest}");
    }

    private static void AssertClose(float[] expected, float[] actual, float tolerance)
    {
        for (int i = 0; i < expected.Length; i++)
        {
            Assert.Equal(expected[i], actual[i], tolerance);
        }
    }
}
