using Recsys.Engine.Als;
using Recsys.Engine.Data;
using Recsys.Engine.Logistic;
using Recsys.Engine.Models;
using Recsys.Engine.Online;
using Recsys.Engine.Online.Partitioned;
using Recsys.Engine.Online.Prequential;
using Xunit.Abstractions;

namespace Recsys.Engine.Tests.Online;

public sealed class SharedLmfTests(ITestOutputHelper output)
{
    private static readonly EventPartitionOptions Options = new()
    {
        SnapshotEvents = 0,
        Lmf = new LmfOptions { Factors = 12, NegativeCount = 4 },
        LmfExchangeEvery = TimeSpan.FromHours(1),
    };

    /// <summary>
    /// Ranks each event of the second half before it is learned, as recsys replay does, from nothing: every event is learned once.
    /// </summary>
    [RealDataFact]
    [Trait("Category", "Long")]
    public void Partitions_learn_as_well_as_one_process_on_ml_100k()
    {
        var log = Movies();
        var lmf = new LmfOptions();
        double one = 0;
        foreach (int partitions in (int[])[0, 1, 4, 8])
        {
            foreach (int every in partitions < 2 ? (int[])[100] : [1, 100, 1000, 4000])
            {
                double ndcg = Ndcg(log, lmf, partitions, every);
                output.WriteLine($"{partitions} partitions, exchange every {every} events: ndcg@20 {ndcg:F4}");
                Console.WriteLine($"{partitions} partitions, exchange every {every} events: ndcg@20 {ndcg:F4}");
                one = partitions == 0 ? ndcg : one;
            }
        }
    }

    private static double Ndcg(InteractionLog log, LmfOptions lmf, int partitions, int every)
    {
        int[] order = [.. Enumerable.Range(0, log.Count)];
        long[] times = log.Times.ToArray();
        Array.Sort(order, (a, b) => times[a] != times[b] ? times[a].CompareTo(times[b]) : a.CompareTo(b));
        using var shared = partitions == 0 ? null : new SharedLmf(partitions, 4, Options with { Lmf = lmf, LmfExchangeBytes = 1 << 30 });
        using var alone = new OnlineLmf(lmf);
        var histories = new OnlineHistories();
        histories.Grow(log.UserIds.Count);
        float[] popularity = new float[log.ItemIds.Count];
        float[] scores = new float[log.ItemIds.Count];
        double sum = 0;
        int scored = 0;
        for (int e = 0; e < order.Length; e++)
        {
            int user = log.Users[order[e]];
            int item = log.Items[order[e]];
            if (e >= order.Length / 2)
            {
                if (histories.Items(user).IsEmpty)
                {
                    popularity.CopyTo(scores, 0);
                }
                else if (shared is null)
                {
                    alone.Score(user, scores);
                }
                else
                {
                    Score(shared, log, user, scores);
                }

                int rank = PrequentialRun.Rank(scores, histories.Items(user), item);
                sum += rank <= 20 ? 1 / Math.Log2(rank + 1) : 0;
                scored++;
            }

            histories.Set(user, item, 1, times[order[e]], 0);
            popularity[item]++;
            if (shared is null)
            {
                alone.Learn(user, item);
                continue;
            }

            shared.Learn(log.UserIds[user], log.ItemIds[item], 1, times[order[e]]);
            if ((e + 1) % every == 0)
            {
                shared.Exchange();
            }
        }

        return sum / scored;
    }

    private static void Score(SharedLmf shared, InteractionLog log, int user, float[] scores) => shared.Replica.Read(r =>
    {
        float[] all = new float[r.Ids.Count];
        r.Score(shared.Factors(log.UserIds[user]), all);
        Array.Clear(scores);
        for (int i = 0; i < all.Length; i++)
        {
            Assert.True(log.ItemIds.TryGetIndex(r.Ids[i], out int item));
            scores[item] = all[i];
        }

        return 0;
    });

    private static InteractionLog Movies() => InteractionReader.Read(RealData.Path("ml-100k/u.data"), new ReadOptions { MinWeight = 4, Binary = true }).Log;
}
