using Recsys.Engine.Als;
using Recsys.Engine.Compute;
using Recsys.Engine.Logistic;
using Recsys.Engine.Online.Partitioned;
using Recsys.Engine.Serving;
using Recsys.Engine.Serving.Distributed;
using Recsys.Engine.Storage;
using Recsys.Engine.Tests.Storage;

namespace Recsys.Engine.Tests.Online;

/// <summary>Live logistic MF of event partitions with journals and snapshots, and answers from it.</summary>
public sealed class SharedLmfPartitionTests : IDisposable
{
    private static readonly EventPartitionOptions Options = new()
    {
        SnapshotEvents = 0,
        Lmf = new LmfOptions { Factors = 12, NegativeCount = 4 },
        LmfExchangeEvery = TimeSpan.FromMilliseconds(5),
    };

    private readonly TemporaryFolder _folder = new();
    private readonly MemoryJournals _journals = new();
    private readonly MemoryBlobStore _blobs = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_partition_alone_is_to_the_bit_what_it_was_after_a_snapshot_and_a_replay()
    {
        FaultyFactors[] items = [new(1), new(1)];
        var events = Events(1200);
        var partition = await OpenAsync(0, 1, items);
        await partition.AcceptAsync(events.AsMemory(0, 500));
        await partition.SnapshotAsync();
        await partition.AcceptAsync(events.AsMemory(500, 300));
        await partition.DisposeAsync();
        partition = await OpenAsync(0, 1, items);
        await partition.AcceptAsync(events.AsMemory(800));
        await using var whole = await EventPartition.OpenAsync(
            0, Options, new MemoryJournals(), new MemoryBlobStore(), _folder["other"], [], [new FaultyFactors(1)]);
        await whole.AcceptAsync(events);
        foreach (string user in events.Select(e => e.User).Distinct())
        {
            Assert.Equal(12, whole.GetHistory(user).LiveFactors.Length);
            Assert.Equal(whole.GetHistory(user).LiveFactors.ToArray(), partition.GetHistory(user).LiveFactors.ToArray());
        }

        await SettleAsync([partition]);
        using var replica = await ReplicaAsync(items);
        SharedLmf.CheckSums(replica, Options, [partition.State]);
        await partition.DisposeAsync();
    }

    [Fact]
    public async Task Partitions_and_items_that_are_lost_leave_nothing_out_and_nothing_twice()
    {
        const int count = 3;
        FaultyFactors[] items = [new(count), new(count)];
        var partitions = new EventPartition[count];
        for (int p = 0; p < count; p++)
        {
            partitions[p] = await OpenAsync(p, count, items);
        }

        var events = Events(3000);
        int round = 0;
        foreach (var batch in events.Chunk(100))
        {
            for (int p = 0; p < count; p++)
            {
                await partitions[p].AcceptAsync(batch.Where(e => VirtualBlocks.PartitionOf(e.User, count) == p).ToArray());
            }

            round++;
            if (round % 4 == 0)
            {
                await partitions[round % count].SnapshotAsync();
            }

            if (round % 6 == 0)
            {
                items[round / 6 % 2].Lose();
            }

            if (round % 5 == 0)
            {
                // Another opens it while the first still lives and talks, as after a silo that was given up for lost.
                int p = round / 5 % count;
                var lost = partitions[p];
                partitions[p] = await OpenAsync(p, count, items);
                await lost.ExchangeAsync();
                await lost.DisposeAsync();
            }
        }

        await SettleAsync(partitions);
        using (var replica = await ReplicaAsync(items))
        {
            SharedLmf.CheckSums(replica, Options, [.. partitions.Select(p => p.State)]);
        }

        // Sent again, nothing is learned again.
        var before = partitions.Select(p => p.State.Lmf!.Steps).ToArray();
        Assert.Equal(events.Length, partitions.Sum(p => p.Accepted));
        foreach (var (partition, p) in partitions.Select((x, p) => (x, p)))
        {
            Assert.Equal(0, (await partition.AcceptAsync(events.Where(e => VirtualBlocks.PartitionOf(e.User, count) == p).ToArray())).Accepted);
        }

        Assert.Equal(before, partitions.Select(p => p.State.Lmf!.Steps));
        foreach (var partition in partitions)
        {
            await partition.DisposeAsync();
        }
    }

    [Fact]
    public async Task A_partition_that_is_replayed_from_its_first_event_learns_beside_what_the_others_made_of_items()
    {
        FaultyFactors[] items = [new(2)];
        var partitions = new[] { await OpenAsync(0, 2, items), await OpenAsync(1, 2, items) };
        var events = Events(4000);
        foreach (var batch in events.Chunk(100))
        {
            for (int p = 0; p < 2; p++)
            {
                await partitions[p].AcceptAsync(batch.Where(e => VirtualBlocks.PartitionOf(e.User, 2) == p).ToArray());
                await partitions[p].ExchangeAsync();
            }
        }

        await SettleAsync(partitions);
        await partitions[1].DisposeAsync();
        partitions[1] = await OpenAsync(1, 2, items);
        await SettleAsync(partitions);
        using var replica = await ReplicaAsync(items);
        SharedLmf.CheckSums(replica, Options, [.. partitions.Select(p => p.State)]);
        int right = 0, all = 0;
        foreach (string user in events.Select(e => e.User).Distinct())
        {
            var factors = partitions[VirtualBlocks.PartitionOf(user, 2)].GetHistory(user).LiveFactors;
            var scores = SharedLmf.Scores(replica, factors);
            int taste = int.Parse(user.AsSpan(5)) % 3;
            right += Enumerable.Range(0, 30).Average(i => scores[$"item-{taste}-{i}"]) > Enumerable.Range(0, 30).Average(i => scores[$"item-{(taste + 1) % 3}-{i}"]) ? 1 : 0;
            all++;
        }

        Assert.Equal(all, right);
        await partitions[0].DisposeAsync();
        await partitions[1].DisposeAsync();
    }

    [Fact]
    public async Task A_forgotten_user_has_no_factors_of_its_own_and_the_items_are_learned_anew_from_the_others()
    {
        FaultyFactors[] items = [new(1)];
        await using var partition = await OpenAsync(0, 1, items);
        await partition.AcceptAsync(Events(600));
        var only = new[] { new IncomingEvent("hermit", "cave", "click"), new IncomingEvent("hermit", "item-0-1", "click") };
        await partition.AcceptAsync(only);
        await SettleAsync([partition]);
        using (var replica = await ReplicaAsync(items))
        {
            Assert.Equal(1, replica.Read(r => r.Ids.TryGetIndex("cave", out int i) ? 1 : 0));
        }

        var fresh = partition.GetHistory("hermit").LiveFactors.ToArray();
        Assert.True(await partition.ForgetAsync("hermit"));
        Assert.NotEqual(fresh, partition.GetHistory("hermit").LiveFactors.ToArray());
        Assert.Empty(partition.GetHistory("hermit").Items);
        await SettleAsync([partition]);

        // Nobody else has the cave; what the others' steps made of it as a negative may stay.
        float[] share = new float[16];
        partition.State.Read(s =>
        {
            Assert.True(s.ItemIds.TryGetIndex("cave", out int cave));
            s.Lmf!.CopyShares([cave], share);
            return 0;
        });
        Assert.Equal(0, share[^1]);
        using var after = await ReplicaAsync(items);
        SharedLmf.CheckSums(after, Options, [partition.State]);
    }

    [Fact]
    public async Task Turned_on_later_it_learns_the_histories_there_are()
    {
        var events = Events(900);
        var without = await EventPartition.OpenAsync(0, Options with { Lmf = null }, _journals, _blobs, _folder["temporary"], []);
        await without.AcceptAsync(events);
        Assert.True(without.GetHistory(events[0].User).LiveFactors.IsEmpty);
        await without.SnapshotAsync();
        await without.DisposeAsync();
        FaultyFactors[] items = [new(1)];
        await using var partition = await OpenAsync(0, 1, items);
        Assert.Equal(12, partition.GetHistory(events[0].User).LiveFactors.Length);
        await SettleAsync([partition]);
        using var replica = await ReplicaAsync(items);
        Assert.Equal(events.Select(e => e.Item).Distinct().Order(), replica.Read(r => Enumerable.Range(0, r.Ids.Count).Select(i => r.Ids[i]).ToArray()).Order());
        SharedLmf.CheckSums(replica, Options, [partition.State]);
    }

    [Fact]
    public async Task It_answers_with_every_filter_like_any_other_model()
    {
        FaultyFactors[] items = [new(2), new(2)];
        var partitions = new[] { await OpenAsync(0, 2, items), await OpenAsync(1, 2, items) };
        var events = Events(3000);
        for (int p = 0; p < 2; p++)
        {
            await partitions[p].AcceptAsync(events.Where(e => VirtualBlocks.PartitionOf(e.User, 2) == p).ToArray());
        }

        await SettleAsync(partitions);
        using var replica = await ReplicaAsync(items);
        var store = new ItemStore();
        store.Upsert([
            new ItemUpdate("item-0-3") { Name = "Third", Categories = ["odd"] },
            new ItemUpdate("item-0-5") { Available = false, Categories = ["odd"] },
            new ItemUpdate("unheard") { Categories = ["odd"] }]);
        var lmf = new LiveLmf(replica, store);
        string user = events.Select(e => e.User).First(u => int.Parse(u.AsSpan(5)) % 3 == 0);
        var history = partitions[VirtualBlocks.PartitionOf(user, 2)].GetHistory(user);
        string[] all = [.. SharedLmf.Scores(replica, history.LiveFactors).OrderByDescending(s => s.Value).Select(s => s.Key).Where(id => id != "item-0-5")];
        string[] unseen = [.. all.Except(history.Items.Select(i => i.Item))];

        Assert.Equal(unseen[..10], Ids(new() { Count = 10 }));
        Assert.Equal(unseen[3..7], Ids(new() { Count = 4, Offset = 3 }));
        Assert.Equal(all[..40], Ids(new() { Count = 40, KeepSeen = true }));
        Assert.Equal(unseen[2..5], Ids(new() { Count = 3, Exclude = [unseen[0], unseen[1], "nothing"] }));
        Assert.Equal([unseen[1], unseen[6]], Ids(new() { Count = 9, Allow = [unseen[6], "item-0-5", unseen[1], "nothing"] }));
        Assert.Equal(["item-0-3"], Ids(new() { Count = 9, KeepSeen = true, Categories = ["odd"] }));
        Assert.Equal(unseen.Length, Ids(new() { Count = 1000 }).Length);
        var named = lmf.Recommend(history, new() { Count = 9, KeepSeen = true, Categories = ["odd"], Explain = true })!;
        Assert.Equal(("lmf", "live", false, "Third"), (named.Model, named.Version, named.Fallback, named.Items.Single().Name));
        Assert.Null(lmf.Recommend(UserHistory.Unknown, new()));

        // A history in the question is folded in: the taste of the items decides.
        var given = new UserHistory(Known: true, [new("item-1-1", 1), new("item-1-2", 1), new("item-1-3", 1)]);
        Assert.True(lmf.Recommend(given, new() { Count = 10 })!.Items.Count(i => i.Id.StartsWith("item-1", StringComparison.Ordinal)) >= 8);
        var similar = lmf.Similar(new SimilarQuery("item-2-4") { Count = 10 }).Items;
        Assert.True(similar.Count(i => i.Id.StartsWith("item-2", StringComparison.Ordinal)) >= 8);
        Assert.DoesNotContain("item-2-4", similar.Select(i => i.Id));
        Assert.Empty(lmf.Similar(new SimilarQuery("unheard")).Items);
        Assert.Throws<Recsys.Engine.Data.UnknownIdException>(() => lmf.Similar(new SimilarQuery("nothing")));
        await partitions[0].DisposeAsync();
        await partitions[1].DisposeAsync();

        string[] Ids(RecommendationQuery query) => [.. lmf.Recommend(history, query)!.Items.Select(i => i.Id)];
    }

    private static IncomingEvent[] Events(int count)
    {
        var random = new SplitMix64(23);
        return [.. Enumerable.Range(0, count).Select(e =>
        {
            int user = random.NextInt(60);
            return new IncomingEvent($"user-{user}", $"item-{user % 3}-{random.NextInt(30)}", e % 9 == 0 ? "view" : "click", $"e{e}", null, DateTimeOffset.UnixEpoch.AddDays(20_000).AddMinutes(e));
        })];
    }

    private static async Task SettleAsync(EventPartition[] partitions)
    {
        // A partition's news is heard in the second round, at the latest.
        for (int round = 0; round < 3; round++)
        {
            foreach (var partition in partitions)
            {
                for (int attempt = 0; !await partition.ExchangeAsync(); attempt++)
                {
                    Assert.True(attempt < 1000);
                }
            }
        }
    }

    private static async Task<LiveItemFactors> ReplicaAsync(FaultyFactors[] items)
    {
        var replica = new LiveItemFactors(Options, items);
        Assert.True(await replica.RefreshAsync());
        return replica;
    }

    private Task<EventPartition> OpenAsync(int index, int partitions, FaultyFactors[] items) =>
        EventPartition.OpenAsync(index, Options, _journals, _blobs, _folder[$"temporary-{partitions}"], [], items);
}
