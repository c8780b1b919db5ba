using System.Runtime.CompilerServices;
using Microsoft.Extensions.DependencyInjection;
using Recsys.Engine;
using Recsys.Engine.Compute;
using Recsys.Engine.Data;
using Recsys.Engine.Logistic;
using Recsys.Engine.Online.Partitioned;
using Recsys.Engine.Serving;
using Recsys.Engine.Serving.Distributed;
using Recsys.Grains.Events;
using Recsys.Grains.Serving;

namespace Recsys.Cluster.Tests.Serving;

/// <summary>The live model "lmf" on clusters of two silos.</summary>
public sealed class LiveLmfTests : IAsyncLifetime
{
    private static readonly EventPartitionOptions Events = ServingCluster.Events with
    {
        Lmf = new LmfOptions { Factors = 8, NegativeCount = 4 },
        LmfExchangeEvery = TimeSpan.FromMilliseconds(50),
    };

    private int _configured;
    private int _rounds;
    private int _others = int.MaxValue;
    private ServingCluster _cluster = null!;

    private ClusterRecommender Recommender => _cluster.Recommender;

    public async Task InitializeAsync() => _cluster = await ServingCluster.StartAsync(2, o => o.Events = Interlocked.Increment(ref _configured) <= _others
        ? Events
        : Events with { Lmf = Events.Lmf! with { Factors = 16 } });

    public async Task DisposeAsync() => await _cluster.DisposeAsync();

    [Fact]
    public async Task Clicks_change_what_the_live_model_recommends_to_whoever_clicked_and_to_others()
    {
        var ingest = await Recommender.GetIngestAsync();
        await ingest.AcceptAsync(Tastes("u", 3000));
        Assert.True((await Recommender.RecommendAsync(new() { User = "ann", Model = "lmf" })).Fallback);

        // A new user's clicks count at once; that the items are known in this silo may take some moments.
        var ann = _cluster.Client.GetGrain<IUserGrain>("ann");
        await ann.ClickAsync([new("ann", "item-1-0", "click", "a1"), new("ann", "item-1-1", "click", "a2"), new("ann", "item-1-2", "click", "a3")], default);
        // What they teach of her depends on what her partition had heard of items by then: she clicks again.
        await UntilAsync(async () =>
        {
            await ann.ClickAsync([new("ann", "item-1-0", "click"), new("ann", "item-1-1", "click"), new("ann", "item-1-2", "click")], default);
            return await OfTasteAsync(new() { User = "ann", Model = "lmf", Count = 10 }, 1) >= 7;
        });
        var list = await Recommender.RecommendAsync(new() { User = "ann", Model = "lmf", Count = 10, Explain = true });
        Assert.Equal(("lmf", "live", false), (list.Model, list.Version, list.Fallback));
        Assert.DoesNotContain(list.Items, i => i.Id is "item-1-0" or "item-1-1" or "item-1-2");
        string best = list.Items[0].Id;
        await ann.ClickAsync([new("ann", best, "click", "a4")], default);
        Assert.DoesNotContain((await Recommender.RecommendAsync(new() { User = "ann", Model = "lmf", Count = 10 })).Items, i => i.Id == best);
        Assert.Equal([best], (await Recommender.RecommendAsync(new() { User = "ann", Model = "lmf", KeepSeen = true, Allow = [best] })).Items.Select(i => i.Id));

        // Without a trained model it answers when none is named, also for a history in the question.
        Assert.Equal("lmf", (await Recommender.RecommendAsync(new() { User = "ann" })).Model);
        await LearnUntilAsync("u", async () => await OfTasteAsync(new() { History = [new("item-2-0", 1), new("item-2-1", 1), new("item-2-2", 1)], Count = 10 }, 2) >= 7);
        await LearnUntilAsync("u", async () => (await Recommender.SimilarAsync(new SimilarQuery("item-0-3") { Count = 10 }))
            .Items.Count(i => i.Id.StartsWith("item-0", StringComparison.Ordinal)) >= 7);
        Assert.Equal(("lmf", ModelKind.Live), ((await Recommender.GetStatusAsync()).Model, (await Recommender.GetStatusAsync()).Kind));
        Assert.Equal(("lmf", "live", true, true, ModelKind.Live), (await Recommender.ListAsync()).Select(v => (v.Model, v.Version, v.Active, v.Default, v.Kind)).Single());

        // An item that nobody had is clicked by users of one taste in all partitions: others of that taste get it.
        await UntilAsync(async () =>
        {
            await ann.ClickAsync([new("ann", best, "click")], default);
            await ingest.AcceptAsync(Enumerable.Range(0, 60).Where(u => u % 3 == 1).Select(u => new IncomingEvent($"u-{u}", "novelty", "purchase")).ToArray());
            return (await Recommender.RecommendAsync(new() { User = "ann", Model = "lmf", Count = 20 })).Items.Any(i => i.Id == "novelty");
        });

        // A trained model is the default one from then on, and the live one answers for its name.
        using var als = ServingCluster.Als();
        await _cluster.ServeAsync("als", als);
        Assert.Equal("lmf", (await Recommender.RecommendAsync(new() { User = "ann", Model = "lmf" })).Model);
        Assert.Equal("als", (await Recommender.GetStatusAsync()).Model);
        Assert.True(await Recommender.ForgetAsync("ann"));
        Assert.True((await Recommender.RecommendAsync(new() { User = "ann", Model = "lmf" })).Fallback);
    }

    [Fact]
    public async Task A_silo_that_is_killed_takes_nothing_of_the_live_model_with_it_and_nothing_counts_twice()
    {
        await _cluster.Cluster.StartAdditionalSiloAsync();
        var events = Tastes("k", 6000);
        var ingest = await Recommender.GetIngestAsync();
        int acknowledged = 0;
        var sending = Task.Run(async () =>
        {
            foreach (var batch in events.Chunk(100))
            {
                var receipt = await ingest.AcceptAsync(batch);
                Assert.Equal(batch.Length, receipt.Accepted + receipt.Duplicates);
                Interlocked.Add(ref acknowledged, batch.Length);
            }
        });
        await UntilAsync(() => Task.FromResult(Volatile.Read(ref acknowledged) >= 2500));
        await _cluster.Cluster.KillSiloAsync(_cluster.Cluster.Silos[1]);
        await sending.WaitAsync(TimeSpan.FromMinutes(2));
        Assert.Equal(0, (await ingest.AcceptAsync(events.AsMemory(0, 3000))).Accepted);

        // Users of each item travel with the shares: each is one, whoever told it when and how often.
        var users = events.Select(e => (e.User, e.Item)).Distinct().GroupBy(e => e.Item).ToDictionary(g => g.Key, g => (float)g.Count());
        await UntilAsync(async () =>
        {
            var told = new Dictionary<string, float>();
            for (int p = 0; p < ServingCluster.ItemPartitions; p++)
            {
                var changes = await _cluster.Client.GetGrain<IItemPartitionGrain>(p).ReadFactorsAsync(new ItemFactorQuery(-1, 0, 0, 0, 10_000), default);
                for (int i = 0; i < changes.Rows.Items.Count; i++)
                {
                    told[changes.Rows.Items[i]] = changes.Rows.Row(i)[^1];
                }
            }

            return users.All(u => told.GetValueOrDefault(u.Key) == u.Value);
        });

        // Each silo answers again, in all partitions, by what was learned.
        for (int u = 0; u < 60; u++)
        {
            await LearnUntilAsync("k", async () => await OfTasteAsync(new() { User = $"k-{u}", Model = "lmf", Count = 5, KeepSeen = true }, u % 3) >= 4);
        }

        string[] ids = [.. users.Keys];
        await UntilAsync(() =>
        {
            var silos = _cluster.Cluster.GetActiveSilos().Select(s => s.ServiceProvider.GetRequiredService<ServingNode>().Live!).ToArray();
            var given = new UserHistory(Known: true, []) with { Items = [new("item-0-0", 1)], LiveFactors = new float[] { 1, 2, 3, 4, 5, 6, 7, 8 } };
            var scores = silos.Select(s => s.Recommend(given, new() { Count = 1000, KeepSeen = true, Allow = ids })!.Items.ToDictionary(i => i.Id, i => i.Score)).ToArray();
            return Task.FromResult(silos.Length == 2 && ids.All(id => scores.All(s => s.TryGetValue(id, out float score) && MathF.Abs(score - scores[0].GetValueOrDefault(id)) < 1e-3f)));
        });
    }

    [Fact]
    public async Task A_silo_with_other_factors_is_refused()
    {
        _others = Volatile.Read(ref _configured);
        var error = await Assert.ThrowsAnyAsync<Exception>(() => _cluster.Cluster.StartAdditionalSiloAsync());
        Assert.Contains("the live lmf of this cluster began with 8 factors", error.ToString(), StringComparison.Ordinal);
    }

    /// <summary>60 users of three tastes of 30 items each.</summary>
    private static IncomingEvent[] Tastes(string source, int count, int round = 0)
    {
        var random = new SplitMix64(7 + (ulong)round);
        return [.. Enumerable.Range(0, count).Select(e =>
        {
            int user = random.NextInt(60);
            return new IncomingEvent($"{source}-{user}", $"item-{user % 3}-{random.NextInt(30)}", "click", $"{source}{round}-{e}");
        })];
    }

    private static async Task UntilAsync(Func<Task<bool>> holds, [CallerArgumentExpression(nameof(holds))] string what = "")
    {
        var began = DateTime.UtcNow;
        while (!await TryAsync())
        {
            Assert.True(DateTime.UtcNow - began < TimeSpan.FromSeconds(90), what);
            await Task.Delay(20);
        }

        // A silo that was killed takes calls with it until the others know; and not every silo knows an item at once.
        async Task<bool> TryAsync()
        {
            try
            {
                return await holds();
            }
            catch (Exception e) when (e is Orleans.Runtime.OrleansException or TimeoutException or UnknownIdException)
            {
                return false;
            }
        }
    }

    /// <summary>
    /// How soon it is learned depends on when partitions exchange: as long as something does not hold, more of the same is clicked.
    /// </summary>
    private async Task LearnUntilAsync(string source, Func<Task<bool>> holds, [CallerArgumentExpression(nameof(holds))] string what = "")
    {
        var ingest = await Recommender.GetIngestAsync();
        await UntilAsync(async () =>
        {
            if (await holds())
            {
                return true;
            }

            await ingest.AcceptAsync(Tastes(source, 100, ++_rounds));
            return false;
        }, what);
    }

    private async Task<int> OfTasteAsync(RecommendationQuery query, int taste) =>
        (await Recommender.RecommendAsync(query)).Items.Count(i => i.Id.StartsWith($"item-{taste}-", StringComparison.Ordinal));
}
