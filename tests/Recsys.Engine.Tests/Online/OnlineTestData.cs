using Recsys.Engine.Als;
using Recsys.Engine.Compute;
using Recsys.Engine.Data;
using Recsys.Engine.Data.Synthetic;
using Recsys.Engine.Ease;
using Recsys.Engine.Logistic;
using Recsys.Engine.Negatives;
using Recsys.Engine.Online;
using Recsys.Engine.Serving;

namespace Recsys.Engine.Tests.Online;

internal static class OnlineTestData
{
    public static readonly DateTimeOffset Noon = new(2024, 5, 1, 12, 0, 0, TimeSpan.Zero);

    public static readonly OnlineOptions Options = new()
    {
        Lmf = new LmfOptions { Loss = LmfLoss.Logistic, Factors = 16, NegativeCount = 4, Correction = 0, Negatives = NegativeSamplerSpec.Popularity(), Seed = 3 },
        Ease = new StreamingEaseOptions { Regularization = 20, Threads = 2, UsersPerStep = 16 },
        EaseStepUsers = 8,
        EaseStepDelay = TimeSpan.FromMilliseconds(20),
        SnapshotEvents = 0,
    };

    /// <summary>A bookshop of 200 readers and 100 books, with ALS trained on it.</summary>
    public static OnlineStart Start(int users = 200)
    {
        var data = SyntheticCatalogue.Create(new SyntheticOptions { Users = users, Items = 100, MedianHistory = 12, Seed = 7 }).Data;
        return new OnlineStart(data) { Als = AlsTrainer.Train(data, AlsOf()) };
    }

    public static AlsOptions AlsOf() => new() { Factors = 16, Alpha = 5, Regularization = 5, Iterations = 4, Threads = 2 };

    /// <summary>Events of known and new users on known and new items, of every kind.</summary>
    public static IncomingEvent[] Events(OnlineStart start, int count, ulong seed)
    {
        var random = new SplitMix64(seed);
        string[] kinds = ["view", "click", "click", "click", "purchase", "like", "dislike", "remove"];
        var events = new IncomingEvent[count];
        for (int e = 0; e < count; e++)
        {
            string user = random.NextInt(4) == 0 ? $"new-{random.NextInt(30)}" : start.Data.Users[random.NextInt(start.Data.Users.Count)];
            string item = random.NextInt(10) == 0 ? $"fresh-{random.NextInt(6)}" : start.Data.Items[random.NextInt(start.Data.Items.Count)];
            events[e] = new IncomingEvent(user, item, kinds[random.NextInt(kinds.Length)], $"{seed}-{e}", 1, Noon.AddMinutes(e));
        }

        return events;
    }

    public static async Task<long> Accept(OnlineEngine engine, IncomingEvent[] events, int batch = 50)
    {
        long position = 0;
        foreach (var some in events.Chunk(batch))
        {
            position = (await engine.AcceptAsync(some)).Position;
        }

        await engine.WaitAppliedAsync(position);
        engine.State.Ease?.Flush();
        return position;
    }

    public static float[] Scores(OnlineEngine engine, string model, string user) => engine.State.Read(s =>
    {
        var scores = new float[s.ItemIds.Count];
        Assert.True(s.UserIds.TryGetIndex(user, out int index), user);
        s.Score(model, index, scores);
        return scores;
    });

    public static string Describe(SparseMatrix histories) =>
        string.Join(' ', histories.AllColumns.ToArray()) + "|" + string.Join(' ', histories.AllValues.ToArray());
}
