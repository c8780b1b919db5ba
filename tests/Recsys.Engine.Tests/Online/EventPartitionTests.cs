using System.Diagnostics;
using Recsys.Engine.Als;
using Recsys.Engine.Compute;
using Recsys.Engine.Online;
using Recsys.Engine.Online.Partitioned;
using Recsys.Engine.Serving;
using Recsys.Engine.Storage;
using Recsys.Engine.Tests.Storage;

namespace Recsys.Engine.Tests.Online;

public sealed class EventPartitionTests : IDisposable
{
    private const int Partitions = 3;
    private static readonly EventPartitionOptions Options = new() { SnapshotEvents = 0, MicroBatchDelay = TimeSpan.FromMilliseconds(5) };

    private readonly TemporaryFolder _folder = new();
    private readonly MemoryJournals _journals = new();
    private readonly MemoryBlobStore _blobs = new();
    private readonly Side[] _items = [new(), new()];

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Partitions_know_what_one_engine_knows_whatever_is_repeated_lost_and_begun_anew()
    {
        var random = new SplitMix64(5);
        var events = OnlineTestData.Events(OnlineTestData.Start(60), 3000, seed: 9);
        await using var engine = await OnlineEngine.OpenAsync(_folder["whole"], Options.ToOnline());
        var partitions = new EventPartition?[Partitions];
        var done = new List<IncomingEvent>();
        int round = 0;
        foreach (var batch in events.Chunk(100))
        {
            await engine.WaitAppliedAsync((await engine.AcceptAsync(batch)).Position);
            for (int p = 0; p < Partitions; p++)
            {
                partitions[p] ??= await OpenAsync(p);
                var mine = batch.Where(e => VirtualBlocks.PartitionOf(e.User, Partitions) == p).ToArray();
                Assert.Equal(mine.Length, (await partitions[p]!.AcceptAsync(mine)).Accepted);

                // Sent again, with others that are long known.
                mine = [.. mine, .. done.Where(e => random.NextInt(20) == 0 && VirtualBlocks.PartitionOf(e.User, Partitions) == p)];
                Assert.Equal(0, (await partitions[p]!.AcceptAsync(mine)).Accepted);
            }

            done.AddRange(batch);
            round++;
            if (round % 5 == 0)
            {
                await partitions[round / 5 % Partitions]!.SnapshotAsync();
            }

            if (round % 7 == 0)
            {
                _items[random.NextInt(2)].Lose();
            }

            if (round % 4 == 0)
            {
                // Another opens it while the first still lives, as after a silo that was given up for lost.
                int p = random.NextInt(Partitions);
                var lost = partitions[p]!;
                partitions[p] = await OpenAsync(p);
                await Assert.ThrowsAsync<JournalTakenException>(() => lost.AcceptAsync(new[] { new IncomingEvent("a", "b", "click") }).AsTask());
                await lost.DisposeAsync();
            }

            if (round == 20)
            {
                string user = events[0].User;
                Assert.True(await engine.ForgetAsync(user));
                Assert.True(await partitions[VirtualBlocks.PartitionOf(user, Partitions)]!.ForgetAsync(user));
            }
        }

        foreach (var partition in partitions)
        {
            while (!await partition!.FlushAsync())
            {
            }
        }

        Compare(engine, partitions!);
        foreach (var partition in partitions)
        {
            await partition!.DisposeAsync();
        }
    }

    [Fact]
    public async Task A_partition_that_was_quiet_tells_at_once_and_hears_soon_that_it_was_forgotten()
    {
        var pause = TimeSpan.FromMilliseconds(250);
        await using var partition = await OpenAsync(0, Options with { MicroBatchDelay = pause });
        await Task.Delay(3 * pause);

        // It sleeps by now, for twenty pauses.
        var clock = Stopwatch.StartNew();
        await partition.AcceptAsync(new[] { new IncomingEvent("ann", "x", "click") });
        var side = _items[VirtualBlocks.PartitionOf("x", _items.Length)];
        await UntilAsync(() => side.Now.Find("x") is not null);
        Assert.True(clock.Elapsed < 10 * pause, $"told after {clock.Elapsed}");
        Assert.Equal(1, side.Batches);

        side.Lose();
        await UntilAsync(() => side.Now.Find("x") is not null);
        Assert.True(side.Batches is 2 or 3, $"{side.Batches} batches"); // asked once, and told all

        static async Task UntilAsync(Func<bool> condition)
        {
            for (int i = 0; i < 3000 && !condition(); i++)
            {
                await Task.Delay(10);
            }

            Assert.True(condition());
        }
    }

    [Fact]
    public async Task A_forgotten_user_is_known_and_has_no_history_also_after_a_snapshot()
    {
        var partition = await OpenAsync(0);
        Assert.False(partition.GetHistory("ann").Known);
        Assert.False(await partition.ForgetAsync("ann"));
        Assert.True(partition.GetHistory("ann").Known);
        await partition.AcceptAsync(new[] { new IncomingEvent("bob", "x", "click"), new IncomingEvent("bob", "y", "dislike") });
        await partition.SnapshotAsync();
        await partition.DisposeAsync();
        await using var again = await OpenAsync(0);
        Assert.True(again.GetHistory("ann").Known);
        Assert.Empty(again.GetHistory("ann").Items);
        Assert.Equal([new HistoryItem("x", 1), new HistoryItem("y", -1)], again.GetHistory("bob").Items);
        Assert.False(again.GetHistory("").Known);
    }

    [Fact]
    public async Task A_batch_with_an_event_that_is_not_valid_is_not_accepted_at_all()
    {
        await using var partition = await OpenAsync(0);
        var batch = new[] { new IncomingEvent("ann", "x", "click"), new IncomingEvent("ann", "y", "bite") };
        await Assert.ThrowsAsync<InvalidOptionException>(() => partition.AcceptAsync(batch).AsTask());
        Assert.False(partition.GetHistory("ann").Known);
        Assert.Equal(0, partition.Accepted);
    }

    [Fact]
    public void An_item_partition_applies_each_batch_once_in_any_order_of_arrival()
    {
        var items = new ItemPartition(2, TimeSpan.FromDays(1));
        Assert.Equal(10, items.Apply(new ItemSideBatch(0, 0, 10, 5, ["x", "y"], [2, 1], [2.0, 1.0])));
        Assert.Equal(10, items.Apply(new ItemSideBatch(0, 0, 10, 5, ["x", "y"], [2, 1], [2.0, 1.0])));
        Assert.Equal(7, items.Apply(new ItemSideBatch(1, 0, 7, 5, ["x"], [3], [4.0])));
        Assert.Equal((5, 6.0), (items.Find("x")!.Value.Users, items.Find("x")!.Value.Mass));
        Assert.Equal(12, items.Apply(new ItemSideBatch(0, 10, 12, 5, ["x"], [0], [0.0])));
        Assert.Equal(12, items.Apply(new ItemSideBatch(0, 0, 11, 5, ["x"], [9], [9.0])));
        Assert.Equal((3, 4.0), (items.Find("x")!.Value.Users, items.Find("x")!.Value.Mass));

        // A gap is not bridged; all items at once replace what was.
        Assert.Equal(12, items.Apply(new ItemSideBatch(0, 20, 22, 5, ["x"], [1], [1.0])));
        Assert.Equal(22, items.Apply(new ItemSideBatch(0, 0, 22, 5, ["z"], [1], [0.5])));
        Assert.Equal(0, items.Find("y")!.Value.Users);
        Assert.Equal(["x", "z"], items.Popular(9).Select(i => i.Item));
        Assert.Equal(4.5, items.TotalMass);
        Assert.Null(items.Find("unheard"));
        Assert.Throws<RecsysException>(() => items.Apply(new ItemSideBatch(2, 0, 1, 0, [], [], [])));
    }

    [Fact]
    public void Shares_of_sources_with_other_landmarks_are_scaled_to_the_earliest()
    {
        var items = new ItemPartition(2, TimeSpan.FromMilliseconds(10));
        items.Apply(new ItemSideBatch(0, 0, 1, 1020, ["x"], [1], [1.0]));
        items.Apply(new ItemSideBatch(1, 0, 1, 1000, ["x", "y"], [1, 1], [1.0, 2.0]));
        Assert.Equal(1 + 4.0, items.Find("x")!.Value.Mass);
        Assert.Equal(2.0, items.Find("y")!.Value.Mass);
        Assert.Equal(1000, items.Landmark);
    }

    private Task<EventPartition> OpenAsync(int index, EventPartitionOptions? options = null) =>
        EventPartition.OpenAsync(index, options ?? Options, _journals, _blobs, _folder["temporary"], _items);

    private void Compare(OnlineEngine engine, EventPartition[] partitions) => engine.State.Read(s =>
    {
        for (int u = 0; u < s.UserIds.Count; u++)
        {
            string id = s.UserIds[u];
            var history = partitions[VirtualBlocks.PartitionOf(id, Partitions)].GetHistory(id);
            Assert.Equal(
                s.Histories.Items(u).ToArray().Select((i, at) => (s.ItemIds[i], s.Histories.Weights(u)[at])).Order(),
                history.Items.Select(i => (i.Item, i.Weight)).Order());
        }

        double total = 0;
        foreach (double mass in s.Popularity.Masses)
        {
            total += mass;
        }

        double partitioned = _items.Sum(i => i.Now.TotalMass * Scale(i.Now.Landmark));
        for (int i = 0; i < s.ItemIds.Count; i++)
        {
            string id = s.ItemIds[i];
            var found = _items[VirtualBlocks.PartitionOf(id, _items.Length)].Now.Find(id)!.Value;
            Assert.Equal(s.ItemUsers[i], found.Users);
            Assert.Equal(s.Popularity.Masses[i] / total, found.Mass * Scale(found.Landmark) / partitioned, 1e-9);
        }

        return 0;

        double Scale(long landmark) => double.Exp2((landmark - s.Popularity.Landmark!.Value) / Options.PopularityHalfLife.TotalMilliseconds);
    });

    /// <summary>An item partition that may lose its memory.</summary>
    private sealed class Side : IItemSide
    {
        public ItemPartition Now { get; private set; } = New();

        public void Lose() => Now = New();

        public int Batches { get; private set; }

        public ValueTask<long> ApplyAsync(ItemSideBatch batch, CancellationToken cancellationToken = default)
        {
            Batches++;
            return Now.ApplyAsync(batch, cancellationToken);
        }

        private static ItemPartition New() => new(Partitions, Options.PopularityHalfLife);
    }
}
