using Recsys.Engine.Compute;
using Recsys.Engine.Data;
using Recsys.Engine.Logistic;
using Recsys.Engine.Negatives;
using Recsys.Engine.Online;
using Recsys.Engine.Online.Partitioned;
using Recsys.Engine.Online.Prequential;
using Recsys.Engine.Tests.Storage;
using Xunit.Abstractions;

namespace Recsys.Engine.Tests.Online;

public sealed class SharedLmfTests(ITestOutputHelper output)
{
    private static readonly EventPartitionOptions Options = new() { Lmf = new LmfOptions { Factors = 12, NegativeCount = 4 } };

    [Theory]
    [InlineData("uniform")]
    [InlineData("popularity:0.75")]
    [InlineData("hard:4")]
    public void One_partition_learns_to_the_bit_what_one_process_learns(string sampler)
    {
        var options = Options with { Lmf = Options.Lmf! with { Negatives = NegativeSamplerSpec.Parse(sampler) } };
        using var shared = new SharedLmf(1, 3, options);
        var (users, items) = (new IdTable(), new IdTable());
        using var alone = OnlineLmf.Alone(options.Lmf!, users, items);
        foreach (var (user, item, weight, time) in Tastes(1500))
        {
            shared.Learn(user, item, weight, time);
            alone.Learn(users.GetOrAdd(user), items.GetOrAdd(item), weight);
            if (time % 97 == 0)
            {
                shared.Exchange();
            }
        }

        shared.Exchange();
        float[] scores = new float[items.Count];
        for (int u = 0; u < users.Count; u++)
        {
            Assert.Equal(alone.CopyUser(u), shared.Factors(users[u]));

            // The sums of shares are rounded: start + (row − start) is not always the row.
            alone.Score(u, scores);
            var served = shared.Score(shared.Factors(users[u]));
            Assert.Equal(items.Count, served.Count);
            for (int i = 0; i < scores.Length; i++)
            {
                Assert.Equal(scores[i], served[items[i]], 1e-5);
            }
        }
    }

    [Theory]
    [InlineData(2, 1)]
    [InlineData(4, 3)]
    [InlineData(7, 5)]
    public void Items_are_their_start_and_the_shares_of_all_whatever_is_repeated_late_or_lost(int partitions, int itemPartitions)
    {
        using var shared = new SharedLmf(partitions, itemPartitions, Options with { LmfExchangeBytes = 20_000 });
        var random = new SplitMix64(1);
        foreach (var (user, item, weight, time) in Tastes(2000))
        {
            shared.Learn(user, item, weight, time);
            if (time % 40 == 0)
            {
                foreach (var items in shared.Items)
                {
                    items.Misbehaves = random.NextInt(3) > 0;
                }

                shared.ExchangeOnce();
            }

            if (time % 331 == 0)
            {
                shared.Items[random.NextInt(itemPartitions)].Lose();
            }

            if (time % 500 == 0)
            {
                foreach (var items in shared.Items)
                {
                    items.Misbehaves = false;
                }

                shared.Exchange();
                shared.CheckSums(Options);
            }
        }
    }

    [Fact]
    public void Partitions_learn_tastes_from_each_others_users()
    {
        using var shared = new SharedLmf(4, 2, Options);
        foreach (var (user, item, weight, time) in Tastes(6000))
        {
            shared.Learn(user, item, weight, time);
            if (time % 50 == 0)
            {
                shared.Exchange();
            }
        }

        // A few clicks of users who are new say which items they would like, learned mostly by the other partitions.
        for (int u = 0; u < 12; u++)
        {
            for (int c = 0; c < 3; c++)
            {
                shared.Learn($"new-{u}", Item(u % 3, 20 + c), 1, 7000 + u);
            }
        }

        shared.Exchange();
        double right = 0;
        for (int u = 0; u < 12; u++)
        {
            var scores = shared.Score(shared.Factors($"new-{u}"));
            double own = Enumerable.Range(0, 20).Average(c => scores[Item(u % 3, c)]);
            double other = Enumerable.Range(0, 20).Average(c => scores[Item((u + 1) % 3, c)]);
            right += own > other ? 1 : 0;
        }

        Assert.Equal(12, right);
    }

    [Fact]
    public async Task Only_what_changed_is_told_and_no_more_than_is_allowed_at_once()
    {
        int row = (12 + 4) * sizeof(float);
        using var shared = new SharedLmf(2, 1, Options with { LmfExchangeBytes = 30 * row });
        foreach (var (user, item, weight, time) in Tastes(400))
        {
            shared.Learn(user, item, weight, time);
        }

        var feed = shared.Feeds[0];
        int known = shared.States[0].ItemIds.Count;
        Assert.True(known > 60);
        Assert.False(await feed.ExchangeAsync(replaying: false, CancellationToken.None));
        Assert.Equal(30, feed.Rows.Told);
        shared.Exchange();
        long told = feed.Rows.Told;
        long changes = shared.Replica.Changes;
        shared.Exchange();
        Assert.Equal((told, changes), (feed.Rows.Told, shared.Replica.Changes));

        // One event changes one item and at most four negatives.
        string user0 = Enumerable.Range(0, 90).Select(User).First(u => shared.Of(u) == shared.States[0]);
        shared.Learn(user0, Item(0, 0), 1, 500);
        shared.Exchange();
        Assert.InRange(feed.Rows.Told - told, 1, 5);
        Assert.InRange(shared.Replica.Changes - changes, 1, 5);
    }

    [Fact]
    public void More_items_than_there_is_room_for_are_not_served()
    {
        var options = Options with { LmfBytes = 50 * ItemShares.BytesOf(12) };
        using var shared = new SharedLmf(2, 1, options);
        foreach (var (user, item, weight, time) in Tastes(400))
        {
            shared.Learn(user, item, weight, time);
        }

        shared.Exchange();
        Assert.Equal(50, shared.Replica.Items);
        var error = Assert.Throws<RecsysException>(() => shared.Score(new float[12]));
        Assert.Contains("have no room", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Options_that_cannot_be_served_are_refused()
    {
        Assert.Throws<InvalidOptionException>((Options with { LmfExchangeEvery = TimeSpan.Zero }).Validate);
        Assert.Throws<InvalidOptionException>((Options with { LmfBytes = 0 }).Validate);
        Assert.Throws<InvalidOptionException>((Options with { Lmf = new LmfOptions { Factors = 0 } }).Validate);
        Assert.Throws<InvalidOptionException>((Options with { Lmf = new LmfOptions { Negatives = NegativeSamplerSpec.Parse("in-batch") } }).Validate);
        Options.Validate();
    }

    /// <summary>
    /// Ranks each event of the second half before it is learned, as recsys replay does, but from nothing: every event is learned
    /// once. Figures in docs/online.md.
    /// </summary>
    [RealDataFact]
    [Trait("Category", "Long")]
    public void Partitions_learn_as_well_as_one_process_on_ml_100k()
    {
        var log = InteractionReader.Read(RealData.Path("ml-100k/u.data"), new ReadOptions { MinWeight = 4, Binary = true }).Log;
        double one = Ndcg(log, 0, 1);
        output.WriteLine($"one process: ndcg@20 {one:F4}");
        Assert.InRange(one, 0.095, 0.105);
        foreach (var (partitions, every, lost) in ((int, int, int)[])[
            (1, 100, 0), (4, 100, 0), (4, 1000, 0), (4, 4000, 0), (8, 100, 0), (8, 1000, 0), (8, 4000, 0), (8, 1000, 1000), (8, 1000, 5000), (8, 1000, int.MaxValue)])
        {
            double ndcg = Ndcg(log, partitions, every, lost);
            output.WriteLine($"{partitions} partitions, exchange every {every} events{(lost > 0 ? $", each lost once, {lost} events after the snapshot" : "")}: ndcg@20 {ndcg:F4}");

            // Replayed from the first event, without any snapshot, it is less.
            Assert.InRange(ndcg, one * (lost == int.MaxValue ? 0.9 : 0.95), one * 1.05);
        }
    }

    private static string User(int user) => $"user-{user}";

    private static string Item(int taste, int item) => $"item-{taste}-{item}";

    /// <summary>90 users of three tastes of 30 items each, with a dislike now and then; time counts the events.</summary>
    private static IEnumerable<(string User, string Item, float Weight, long Time)> Tastes(int count)
    {
        var random = new SplitMix64(17);
        for (int e = 1; e <= count; e++)
        {
            int user = random.NextInt(90);
            bool strays = random.NextInt(10) == 0;
            yield return (User(user), Item((user + (strays ? 1 : 0)) % 3, random.NextInt(30)), strays ? -1 : 1 + random.NextInt(2), e);
        }
    }

    private static double Ndcg(InteractionLog log, int partitions, int every, int lost = 0)
    {
        int[] order = [.. Enumerable.Range(0, log.Count)];
        long[] times = log.Times.ToArray();
        Array.Sort(order, (a, b) => times[a] != times[b] ? times[a].CompareTo(times[b]) : a.CompareTo(b));
        var lmf = new LmfOptions();
        using var shared = partitions == 0 ? null : new SharedLmf(partitions, 4, Options with { Lmf = lmf, LmfExchangeBytes = 1 << 30 });
        using var folder = new TemporaryFolder();
        var (users, items) = (new IdTable(), new IdTable());
        using var alone = OnlineLmf.Alone(lmf, users, items);
        var histories = new OnlineHistories();
        histories.Grow(log.UserIds.Count);
        float[] popularity = new float[log.ItemIds.Count];
        float[] known = new float[log.ItemIds.Count];
        float[] scores = new float[log.ItemIds.Count];
        double sum = 0;
        for (int e = 0; e < order.Length; e++)
        {
            // One after the other, before the questions begin.
            if (lost > 0 && e == (order.Length / 2) - lost)
            {
                shared!.Save(folder["snapshots"]);
            }

            for (int p = 0; lost > 0 && e == order.Length / 2 && p < partitions; p++)
            {
                shared!.Replay(p, lost == int.MaxValue ? null : folder["snapshots"]);
                shared.Exchange();
            }

            int user = log.Users[order[e]];
            int item = log.Items[order[e]];
            string userId = log.UserIds[user];
            string itemId = log.ItemIds[item];
            if (e >= order.Length / 2)
            {
                if (histories.Items(user).IsEmpty)
                {
                    popularity.CopyTo(scores, 0);
                }
                else
                {
                    Array.Clear(scores);
                    if (shared is null)
                    {
                        alone.Score(users.GetOrAdd(userId), known.AsSpan(0, items.Count));
                        Place(items, known);
                    }
                    else
                    {
                        shared.Replica.Read(r =>
                        {
                            r.Score(shared.Factors(userId), known.AsSpan(0, r.Ids.Count));
                            Place(r.Ids, known);
                            return 0;
                        });
                    }
                }

                int rank = PrequentialRun.Rank(scores, histories.Items(user), item);
                sum += rank <= 20 ? 1 / Math.Log2(rank + 1) : 0;
            }

            histories.Set(user, item, 1, times[order[e]], 0);
            popularity[item]++;
            if (shared is null)
            {
                alone.Learn(users.GetOrAdd(userId), items.GetOrAdd(itemId));
                continue;
            }

            shared.Learn(userId, itemId, 1, times[order[e]]);
            if ((e + 1) % every == 0)
            {
                shared.Exchange();
            }
        }

        return sum / (order.Length - (order.Length / 2));

        void Place(IdTable ids, float[] from)
        {
            for (int i = 0; i < ids.Count; i++)
            {
                Assert.True(log.ItemIds.TryGetIndex(ids[i], out int place));
                scores[place] = from[i];
            }
        }
    }
}
