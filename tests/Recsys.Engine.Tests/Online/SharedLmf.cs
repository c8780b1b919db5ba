using Recsys.Engine.Als;
using Recsys.Engine.Online;
using Recsys.Engine.Online.Partitioned;

namespace Recsys.Engine.Tests.Online;

/// <summary>
/// Live logistic MF over several event and item partitions, without journals: events are learned one by one, and partitions exchange
/// when they are told to.
/// </summary>
internal sealed class SharedLmf : IDisposable
{
    private readonly EventPartitionOptions _options;
    private int _saved;
    private readonly List<(string User, string Item, float Weight, long Time)> _learned = [];

    public SharedLmf(int partitions, int itemPartitions, EventPartitionOptions options)
    {
        _options = options;
        Items = [.. Enumerable.Range(0, itemPartitions).Select(_ => new FaultyFactors(partitions))];
        States = [.. Enumerable.Range(0, partitions).Select(_ => OnlineState.Create(OnlineStart.Empty, options.ToOnline()))];
        Feeds = [.. States.Select((s, p) => new ItemFactorFeed(s, p, Items, options))];
        Replica = new LiveItemFactors(options, Items);
    }

    public FaultyFactors[] Items { get; }

    public OnlineState[] States { get; }

    public ItemFactorFeed[] Feeds { get; }

    public LiveItemFactors Replica { get; }

    public OnlineState Of(string user) => States[VirtualBlocks.PartitionOf(user, States.Length)];

    public void Learn(string user, string item, float weight, long time)
    {
        _learned.Add((user, item, weight, time));
        Apply(user, item, weight, time);
    }

    /// <summary>Takes snapshots of all partitions.</summary>
    public void Save(string folder)
    {
        _saved = _learned.Count;
        for (int p = 0; p < States.Length; p++)
        {
            States[p].Save(Directory.CreateDirectory(Path.Combine(folder, $"{p}")).FullName, CancellationToken.None);
        }
    }

    /// <summary>Loses a partition: another begins with the last snapshot or with the first event, and replays as an engine does.</summary>
    public void Replay(int partition, string? folder = null)
    {
        States[partition].Dispose();
        States[partition] = folder is null
            ? OnlineState.Create(OnlineStart.Empty, _options.ToOnline())
            : OnlineState.Load(Path.Combine(folder, $"{partition}"), _options.ToOnline(), CancellationToken.None);
        Feeds[partition] = new ItemFactorFeed(States[partition], partition, Items, _options);
        int applied = 0;
        foreach (var (user, item, weight, time) in _learned.Skip(folder is null ? 0 : _saved)
            .Where(e => VirtualBlocks.PartitionOf(e.User, States.Length) == partition))
        {
            if (applied++ % OnlineEngine.ReplayStep == 0)
            {
                Assert.True(Feeds[partition].TryExchangeAsync(TimeSpan.FromMinutes(1), CancellationToken.None).GetAwaiter().GetResult());
            }

            Apply(user, item, weight, time);
        }
    }

    /// <summary>All partitions tell and hear once; some may fail.</summary>
    public void ExchangeOnce()
    {
        foreach (var feed in Feeds)
        {
            feed.ExchangeAsync(replaying: false, CancellationToken.None).GetAwaiter().GetResult();
        }
    }

    /// <summary>All partitions tell and hear, until nobody has anything more to say; then the replica follows.</summary>
    public void Exchange()
    {
        for (int round = 0; round < 2; round++)
        {
            foreach (var feed in Feeds)
            {
                int left = 1000;
                while (!feed.ExchangeAsync(replaying: false, CancellationToken.None).GetAwaiter().GetResult())
                {
                    Assert.NotEqual(0, --left);
                }
            }
        }

        Assert.True(Replica.RefreshAsync(CancellationToken.None).GetAwaiter().GetResult());
    }

    public float[] Factors(string user)
    {
        var state = Of(user);
        return state.UserIds.TryGetIndex(user, out int index) ? state.Lmf!.CopyUser(index)! : [];
    }

    /// <summary>Scores of all items of the replica, by id.</summary>
    public Dictionary<string, float> Score(ReadOnlyMemory<float> user) => Scores(Replica, user);

    public static Dictionary<string, float> Scores(LiveItemFactors replica, ReadOnlyMemory<float> user) => replica.Read(r =>
    {
        float[] scores = new float[r.Ids.Count];
        r.Score(user.Span, scores);
        return Enumerable.Range(0, scores.Length).ToDictionary(i => r.Ids[i], i => scores[i]);
    });

    /// <summary>
    /// Holds the replica against its definition, with the help of axes as users: each item's start, as a learner that knows nothing of
    /// it has it, plus the shares of all partitions. And what partitions learn on is the same.
    /// </summary>
    public static void CheckSums(LiveItemFactors replica, EventPartitionOptions options, IReadOnlyList<OnlineState> states)
    {
        int factors = options.Lmf!.Factors;
        var ids = replica.Read(r => Enumerable.Range(0, r.Ids.Count).Select(i => r.Ids[i]).ToArray());
        using var start = OnlineState.Create(OnlineStart.Empty, options.ToOnline());
        start.Hear(new ItemFactorRows(ids, factors + 4, new float[ids.Length * (factors + 4)]), long.MaxValue);
        for (int axis = -1; axis < factors; axis++)
        {
            float[] user = new float[factors];
            if (axis >= 0)
            {
                user[axis] = 1;
            }

            var found = Scores(replica, user);
            var began = Scores(start, user);
            var learned = states.Select(s => Scores(s, user)).ToArray();
            foreach (string id in ids)
            {
                double expected = began[id];
                foreach (var state in states)
                {
                    if (state.ItemIds.TryGetIndex(id, out int item))
                    {
                        float[] share = new float[factors + 4];
                        state.Lmf!.CopyShares([item], share);
                        expected += share[factors] + (axis < 0 ? 0 : share[axis]);
                    }
                }

                Assert.Equal(expected, found[id], 1e-4);
                foreach (var scores in learned)
                {
                    Assert.Equal(expected, scores[id], 1e-4);
                }
            }
        }
    }

    public void CheckSums(EventPartitionOptions options) => CheckSums(Replica, options, States);

    public void Dispose()
    {
        foreach (var state in States)
        {
            state.Dispose();
        }

        Replica.Dispose();
    }

    private void Apply(string user, string item, float weight, long time)
    {
        var state = Of(user);
        state.Apply(state.UserIds.GetOrAdd(user), state.ItemIds.GetOrAdd(item), weight, time);
    }

    private static Dictionary<string, float> Scores(OnlineState state, float[] user)
    {
        float[] scores = new float[state.ItemIds.Count];
        state.Lmf!.ScoreUnlocked(user, scores);
        return Enumerable.Range(0, scores.Length).ToDictionary(i => state.ItemIds[i], i => scores[i]);
    }
}
