using Recsys.Engine;
using Recsys.Engine.Data;
using Recsys.Engine.Models;
using Recsys.Engine.Serving;
using Recsys.Grains.Events;
using Recsys.Grains.Serving;

namespace Recsys.Cluster.Tests.Serving;

/// <summary>Serving from a cluster of two silos, held against the same model in this process.</summary>
public sealed class ServingTests : IAsyncLifetime
{
    private ServingCluster _cluster = null!;

    private ClusterRecommender Recommender => _cluster.Recommender;

    public async Task InitializeAsync() => _cluster = await ServingCluster.StartAsync(2);

    public async Task DisposeAsync() => await _cluster.DisposeAsync();

    [Fact]
    public async Task Users_get_what_the_model_in_one_process_gives_them_and_follow_their_clicks()
    {
        using var als = ServingCluster.Als();
        var version = await _cluster.ServeAsync("als", als);
        var library = new ModelLibrary();
        library.Add("als", als);
        var alone = new ModelRecommender(library, new ItemStore());
        var ingest = await Recommender.GetIngestAsync();
        var data = ServingCluster.Data;

        // Users of whom the cluster has no event are known from the training.
        foreach (int u in new[] { 0, 7, 99 })
        {
            var query = new RecommendationQuery { User = data.Users[u], Count = 10, Explain = true, Exclude = [data.Items[3]] };
            var list = await Recommender.RecommendAsync(query);
            Equal(await alone.RecommendAsync(query), list);
            Assert.Equal(version.Version, list.Version);
            Assert.DoesNotContain(list.Items, i => data.Interactions.Row(u).Contains(Index(i.Id)));
        }

        // A new user's clicks count at once, however they come: to the user, or in a batch.
        string[] clicked = [data.Items[1], data.Items[5], data.Items[9]];
        var ann = _cluster.Client.GetGrain<IUserGrain>("ann");
        Assert.True((await Recommender.RecommendAsync(new() { User = "ann" })).Fallback);
        Assert.Equal(1, (await ann.ClickAsync([new IncomingEvent("ann", clicked[0], "click", "e1")], default)).Accepted);
        Assert.Equal(1, (await ann.ClickAsync([new IncomingEvent("ann", clicked[0], "click", "e1")], default)).Duplicates);
        await CheckAsync(clicked[..1]);
        await ingest.AcceptAsync(new[] { new IncomingEvent("ann", clicked[1], "click"), new IncomingEvent("bob", clicked[2], "click") });
        await CheckAsync(clicked[..2]);
        await ingest.AcceptAsync(new[] { new IncomingEvent("ann", clicked[2], "click"), new IncomingEvent("ann", clicked[0], "remove") });
        await CheckAsync(clicked[1..]);
        Assert.Equal(clicked[1..], (await Recommender.GetUserAsync("ann"))!.History.Select(h => h.Item));

        Assert.True(await Recommender.ForgetAsync("ann"));
        Assert.False(await Recommender.ForgetAsync("ann"));
        Assert.True((await Recommender.RecommendAsync(new() { User = "ann" })).Fallback);
        Assert.Null(await Recommender.GetUserAsync("ann"));

        // Also one who is known from the training only.
        string trained = data.Users[7];
        Assert.False((await Recommender.RecommendAsync(new() { User = trained })).Fallback);
        Assert.True(await Recommender.ForgetAsync(trained));
        Assert.False(await Recommender.ForgetAsync(trained));
        Assert.True((await Recommender.RecommendAsync(new() { User = trained })).Fallback);
        Assert.Null(await Recommender.GetUserAsync(trained));

        async Task CheckAsync(string[] history) => Equal(
            await alone.RecommendAsync(new() { History = [.. history.Select(h => new HistoryItem(h))], Count = 30 }),
            await Recommender.RecommendAsync(new() { User = "ann", Count = 30 }));
    }

    [Fact]
    public async Task Unknown_users_and_items_and_bad_queries_have_defined_results()
    {
        // No model yet: what is popular now.
        var ingest = await Recommender.GetIngestAsync();
        await ingest.AcceptAsync(new[]
        {
            new IncomingEvent("a", "x", "click"), new IncomingEvent("b", "x", "click"), new IncomingEvent("b", "y", "click"),
        });
        await _cluster.FlushAsync();
        var popular = await Recommender.RecommendAsync(new() { User = "nobody" });
        Assert.True(popular.Fallback);
        Assert.Equal(["x", "y"], popular.Items.Select(i => i.Id));
        Assert.Equal(1, popular.Items.Sum(i => i.Score), 1e-6);
        Assert.Equal(["y"], (await Recommender.RecommendAsync(new() { User = "a" })).Items.Select(i => i.Id));
        Assert.Equal(2, (await Recommender.GetItemAsync("x"))!.Users);

        using var ease = ServingCluster.Ease();
        await _cluster.ServeAsync("ease", ease);
        foreach (string user in new[] { "nobody", " ", "", "ü\n" })
        {
            var list = await Recommender.RecommendAsync(new() { User = user, Count = 5 });
            Assert.True(list.Fallback);
            Assert.Equal(5, list.Items.Count);
        }

        await Assert.ThrowsAsync<UnknownIdException>(() => Recommender.SimilarAsync(new("nothing")).AsTask());
        await Assert.ThrowsAsync<UnknownIdException>(() => Recommender.SimilarAsync(new("")).AsTask());
        Assert.Null(await Recommender.GetItemAsync("nothing"));
        await RefusedAsync("n: expected", Recommender.RecommendAsync(new() { User = "a", Count = 0 }));
        await RefusedAsync("unknown model", Recommender.RecommendAsync(new() { User = "a", Model = "oracle" }));
        await RefusedAsync("both", Recommender.RecommendAsync(new() { User = "a", History = [] }));
        await RefusedAsync("bite", ingest.AcceptAsync(new[] { new IncomingEvent("a", "x", "bite") }));
        await RefusedAsync("expected a user", ingest.AcceptAsync(new[] { new IncomingEvent("", "x", "click") }));
        await RefusedAsync("at most", ingest.AcceptAsync(new IncomingEvent[EventLimits.MostEvents + 1]));
        await RefusedAsync("characters", ingest.AcceptAsync(
            Enumerable.Range(0, 200).Select(i => new IncomingEvent("a", new string('x', 60_000), "click", $"{i}")).ToArray()));
        await RefusedAsync("Unicode", ingest.AcceptAsync(new[] { new IncomingEvent("a\uD800", "x", "click") }));
        await RefusedAsync("bytes", ingest.AcceptAsync(new[] { new IncomingEvent("a", new string('é', 40_000), "click") }));
        await Assert.ThrowsAsync<UnknownIdException>(() => Recommender.ActivateAsync("ease", "77", false).AsTask());
        await RefusedAsync("no earlier version", Recommender.RollBackAsync("ease"));
        using var cancelled = new CancellationTokenSource();
        await cancelled.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Recommender.RecommendAsync(new() { User = "a" }, cancelled.Token).AsTask());
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => ingest.AcceptAsync(new[] { new IncomingEvent("a", "x", "click") }, cancelled.Token).AsTask());

        static async Task RefusedAsync<T>(string reason, ValueTask<T> call) =>
            Assert.Contains(reason, (await Assert.ThrowsAsync<InvalidOptionException>(() => call.AsTask())).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Items_are_described_filtered_and_deleted_in_every_silo()
    {
        using var ease = ServingCluster.Ease();
        await _cluster.ServeAsync("ease", ease);
        var data = ServingCluster.Data;
        var before = await Recommender.RecommendAsync(new() { User = data.Users[1], Count = 4 });
        string[] best = [.. before.Items.Select(i => i.Id)];
        await Recommender.UpsertAsync(
        [
            new(best[0]) { Name = "The first", Categories = ["crime"] },
            new(best[1]) { Available = false },
            new(best[3]) { Categories = ["crime"] },
        ]);
        await Recommender.DeleteAsync(best[2]);
        await UntilAsync(async () => (await Recommender.RecommendAsync(new() { User = data.Users[1], Count = 4 })).Items[1].Id == best[3]);
        var list = await Recommender.RecommendAsync(new() { User = data.Users[1], Count = 9, Categories = ["Crime"] });
        Assert.Equal([best[0], best[3]], list.Items.Select(i => i.Id));
        Assert.Equal("The first", list.Items[0].Name);
        Assert.Equal("The first", (await Recommender.GetItemAsync(best[0]))!.Name);
        Assert.Null(await Recommender.GetItemAsync(best[2]));
        Assert.Equal(["crime"], (await Recommender.GetCategoriesAsync()).Select(c => c.Name));
        Assert.Equal(best[0], (await Recommender.SearchAsync(SearchKind.Item, "the fir", 5)).Single().Id);
    }

    [Fact]
    public async Task Histories_of_all_partitions_are_one_data_set()
    {
        var data = ServingCluster.Data;
        var ingest = await Recommender.GetIngestAsync();
        var events = Enumerable.Range(0, data.Users.Count).SelectMany(u => data.Interactions.Row(u).ToArray().Select(
            i => new IncomingEvent(data.Users[u], data.Items[i], "click", $"{u}-{i}"))).ToArray();
        foreach (var batch in events.Chunk(1000))
        {
            Assert.Equal(batch.Length, (await ingest.AcceptAsync(batch)).Accepted);
        }

        var gathered = await ingest.GetHistoriesAsync();
        Assert.Equal(events.Length, gathered.Interactions.Count);
        for (int u = 0; u < data.Users.Count; u++)
        {
            Assert.True(gathered.Users.TryGetIndex(data.Users[u], out int row));
            Assert.Equal(
                data.Interactions.Row(u).ToArray().Select(i => data.Items[i]).Order(StringComparer.Ordinal),
                gathered.Interactions.Row(row).ToArray().Select(i => gathered.Items[i]).Order(StringComparer.Ordinal));
        }

        await _cluster.FlushAsync();
        var status = await Recommender.GetStatusAsync();
        Assert.Equal((300, gathered.Items.Count, (long)events.Length), (status.Users, status.Items, status.Interactions));
        Assert.Equal(data.Users[11], (await Recommender.SearchAsync(SearchKind.User, data.Users[11], 3))[0].Id);
    }

    internal static async Task UntilAsync(Func<Task<bool>> holds)
    {
        var began = DateTime.UtcNow;
        while (!await holds())
        {
            Assert.True(DateTime.UtcNow - began < TimeSpan.FromSeconds(20));
            await Task.Delay(10);
        }
    }

    internal static void Equal(RecommendationList expected, RecommendationList found)
    {
        Assert.Equal((expected.Model, expected.Fallback), (found.Model, found.Fallback));
        Assert.Equal(expected.Items.Select(i => (i.Id, i.Score)), found.Items.Select(i => (i.Id, i.Score)));
        Assert.Equal(
            expected.Items.SelectMany(i => i.Reasons ?? []).Select(r => (r.Item, r.Contribution)),
            found.Items.SelectMany(i => i.Reasons ?? []).Select(r => (r.Item, r.Contribution)));
    }

    private static int Index(string item)
    {
        Assert.True(ServingCluster.Data.Items.TryGetIndex(item, out int index));
        return index;
    }
}
