using Orleans.Streams;
using Recsys.Engine.Als;
using Recsys.Engine.Online.Partitioned;
using Recsys.Engine.Serving;
using Recsys.Engine.Storage;
using Recsys.Grains.Events;
using Recsys.Grains.Serving;
using Xunit.Sdk;

namespace Recsys.Cluster.Tests.Serving;

/// <summary>Events in a cluster of three silos one of which is killed, held against one partition that saw each event once.</summary>
public sealed class EventTests : IAsyncLifetime
{
    private static readonly DateTimeOffset Noon = new(2026, 5, 1, 12, 0, 0, TimeSpan.Zero);

    private ServingCluster _cluster = null!;

    public async Task InitializeAsync() => _cluster = await ServingCluster.StartAsync(3);

    public async Task DisposeAsync() => await _cluster.DisposeAsync();

    [Fact]
    public async Task Nothing_acknowledged_is_lost_and_nothing_is_applied_twice_when_a_silo_is_killed()
    {
        var called = Events("called", 6000);
        var streamed = Events("streamed", 3000);
        var ingest = await _cluster.Recommender.GetIngestAsync();
        var provider = _cluster.Client.GetStreamProvider("recsys-events");
        int acknowledged = 0;
        var calling = Task.WhenAll(Enumerable.Range(0, 3).Select(w => Task.Run(async () =>
        {
            foreach (var batch in called.Where((_, e) => e / 50 % 3 == w).Chunk(50))
            {
                var receipt = await ingest.AcceptAsync(batch);
                Assert.Equal(batch.Length, receipt.Accepted + receipt.Duplicates);
                Interlocked.Add(ref acknowledged, batch.Length);
            }
        })));
        var publishing = Task.Run(() => PublishAsync(provider, streamed));
        await ServingTests.UntilAsync(() => Task.FromResult(Volatile.Read(ref acknowledged) >= 2000));
        await _cluster.Cluster.KillSiloAsync(_cluster.Cluster.Silos[1]);
        await calling.WaitAsync(TimeSpan.FromMinutes(2));
        await publishing.WaitAsync(TimeSpan.FromMinutes(2));
        await _cluster.Cluster.StartAdditionalSiloAsync();

        // What was acknowledged is there: sent once more, also past what a snapshot holds, nothing of it is new.
        Assert.Equal(0, (await ingest.AcceptAsync(called)).Accepted);

        // What the provider lost, with the silo or with a queue that went over to the new one, nobody acknowledged: the producer sends all of it
        // again until it is there.
        for (int attempt = 0; attempt < 10 && await AcceptedAsync() < called.Length + streamed.Length; attempt++)
        {
            await PublishAsync(provider, streamed);
            await Task.Delay(2000);
        }

        Assert.Equal(called.Length + streamed.Length, await AcceptedAsync());
        await CompareAsync([.. called, .. streamed]);
    }

    [Fact]
    public async Task A_silo_that_stops_hands_its_partitions_over()
    {
        await using var cluster = await ServingCluster.StartAsync(2, files: true);
        var ingest = await cluster.Recommender.GetIngestAsync();
        var events = Events("kept", 1500);
        Assert.Equal(1000, (await ingest.AcceptAsync(events.AsMemory(0, 1000))).Accepted);
        await ServingTests.UntilAsync(async () => (await PlacesAsync(cluster)).Distinct().Count() == 2); // the first silo may not have known the second yet
        await cluster.Cluster.StopSiloAsync(cluster.Cluster.Silos[1]);
        var receipt = await ingest.AcceptAsync(events);
        Assert.Equal((500, 1000), (receipt.Accepted, receipt.Duplicates));
        Assert.Single((await PlacesAsync(cluster)).Distinct());

        // One that comes gets its share, and nothing is lost on the way.
        await cluster.Cluster.StartAdditionalSiloAsync();
        await ServingTests.UntilAsync(async () => (await PlacesAsync(cluster)).GroupBy(p => p).Select(g => g.Count()).Order().SequenceEqual([2, 3]));
        Assert.Equal(0, (await ingest.AcceptAsync(events)).Accepted);
        await cluster.FlushAsync();
        Assert.Equal(events.Select(e => (e.User, e.Item)).Distinct().Count(), (await ingest.GetHistoriesAsync()).Interactions.Count);

        static async Task<string[]> PlacesAsync(ServingCluster cluster) => [.. (await Task.WhenAll(Enumerable.Range(0, ServingCluster.EventPartitions)
            .Select(p => cluster.Client.GetGrain<IEventPartitionGrain>(p).StatusAsync()))).Select(s => s.Silo)];
    }

    [Fact]
    public async Task An_event_that_is_not_valid_in_a_stream_keeps_no_other_out()
    {
        var provider = _cluster.Client.GetStreamProvider("recsys-events");
        await EventStreams.PublishAsync(provider, ServingCluster.EventPartitions,
            [new("ann", "x", "click"), new("ann", "y", "bite"), new("ann", "z", "click")]);
        var ann = _cluster.Client.GetGrain<IUserGrain>("ann");
        await ServingTests.UntilAsync(async () => (await ann.HistoryAsync()).Items.Count == 2);
        Assert.Equal(["x", "z"], (await ann.HistoryAsync()).Items.Select(i => i.Item).Order());
    }

    /// <summary>Clicks of a user add up whatever their order; one that was applied twice would show.</summary>
    private static IncomingEvent[] Events(string source, int count)
    {
        string[] kinds = ["view", "click", "purchase"];
        return [.. Enumerable.Range(0, count).Select(e => new IncomingEvent(
            $"{source}-{e * 7 % 211}", $"item-{e * 13 % 97}", kinds[e % 3], $"{source}-{e}", 1 + (e % 4), Noon.AddMinutes(e)))];
    }

    private static async Task PublishAsync(IStreamProvider provider, IncomingEvent[] events)
    {
        foreach (var batch in events.Chunk(40))
        {
            for (int failures = 0; ; failures++)
            {
                try
                {
                    await EventStreams.PublishAsync(provider, ServingCluster.EventPartitions, batch);
                    break;
                }
                catch (Exception) when (failures < 50)
                {
                    await Task.Delay(100);
                }
            }
        }
    }

    private async Task<long> AcceptedAsync() => (await Task.WhenAll(Enumerable.Range(0, ServingCluster.EventPartitions)
        .Select(p => _cluster.Client.GetGrain<IEventPartitionGrain>(p).StatusAsync()))).Sum(s => s.Applied);

    private async Task CompareAsync(IncomingEvent[] events)
    {
        var items = new ItemPartition(1, ServingCluster.Events.PopularityHalfLife);
        await using var alone = await EventPartition.OpenAsync(
            0, ServingCluster.Events, new MemoryJournals(), new MemoryBlobStore(), Path.GetTempPath(), [items]);
        foreach (var batch in events.Chunk(1000))
        {
            await alone.AcceptAsync(batch);
        }

        Assert.True(await alone.FlushAsync());
        foreach (string user in events.Select(e => e.User).Distinct())
        {
            var partition = _cluster.Client.GetGrain<IEventPartitionGrain>(VirtualBlocks.PartitionOf(user, ServingCluster.EventPartitions));
            Assert.Equal(Sorted(alone.GetHistory(user)), Sorted(await partition.HistoryAsync(user)));
        }

        // An item partition that moves to the silo that came begins empty and is told everything again within two seconds.
        for (int attempt = 0; ; attempt++)
        {
            try
            {
                await _cluster.FlushAsync();
                await CompareItemsAsync(items);
                break;
            }
            catch (XunitException) when (attempt < 10)
            {
                await Task.Delay(1000);
            }
        }

        static IEnumerable<(string, float)> Sorted(UserHistory history) => history.Items.Select(i => (i.Item, i.Weight)).Order();
    }

    private async Task CompareItemsAsync(ItemPartition items)
    {
        var expected = items.Popular(200).ToDictionary(i => i.Item);
        var partitions = await Task.WhenAll(Enumerable.Range(0, ServingCluster.ItemPartitions)
            .Select(p => _cluster.Client.GetGrain<IItemPartitionGrain>(p).PopularAsync(200, new PopularFilter([], [], null))));
        Assert.Equal(expected.Count, partitions.Sum(p => p.Items.Length));
        foreach (var item in partitions.SelectMany(p => p.Items))
        {
            Assert.Equal(expected[item.Item].Users, item.Users);
        }

        var ranking = PopularRanking.Merge(
            [.. partitions.Select(p => ((IReadOnlyList<ItemStatistics>)p.Items, p.TotalMass, p.Landmark))], ServingCluster.Events.PopularityHalfLife, 200);
        foreach (var (item, share) in ranking)
        {
            Assert.Equal(expected[item].Mass / items.TotalMass, share, 1e-7);
        }
    }
}
