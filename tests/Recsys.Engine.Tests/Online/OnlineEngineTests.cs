using Recsys.Engine.Online;
using Recsys.Engine.Serving;
using Recsys.Engine.Storage;
using Recsys.Engine.Tests.Storage;

namespace Recsys.Engine.Tests.Online;

public sealed class OnlineEngineTests : IDisposable
{
    private static readonly string[] All = ["ease", "als", "lmf", "popularity"];
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_restart_gives_the_same_models_as_no_restart()
    {
        var start = OnlineTestData.Start();
        var first = OnlineTestData.Events(start, 700, 1);
        var second = OnlineTestData.Events(start, 500, 2);

        await using var steady = await OnlineEngine.OpenAsync(Folder("steady"), OnlineTestData.Options, start);
        await OnlineTestData.Accept(steady, first);
        await steady.ForgetAsync(start.Data.Users[11]);
        await OnlineTestData.Accept(steady, second);

        await using (var engine = await OnlineEngine.OpenAsync(Folder("restarted"), OnlineTestData.Options, start))
        {
            await OnlineTestData.Accept(engine, first);
            Assert.Equal(700, await engine.SnapshotAsync());
            await engine.ForgetAsync(start.Data.Users[11]);
            await OnlineTestData.Accept(engine, second[..300]);
        }

        // Neither the models of the beginning nor anything else is needed any more.
        await using var restarted = await OnlineEngine.OpenAsync(Folder("restarted"), OnlineTestData.Options);
        Assert.Equal(1001, restarted.Applied);
        await OnlineTestData.Accept(restarted, second[300..]);
        AssertSame(steady, restarted);
    }

    [Fact]
    public async Task Without_its_newest_snapshot_the_engine_takes_an_older_one_and_more_of_the_log()
    {
        var start = OnlineTestData.Start();
        await using (var engine = await OnlineEngine.OpenAsync(Folder("a"), OnlineTestData.Options, start))
        {
            await OnlineTestData.Accept(engine, OnlineTestData.Events(start, 300, 1));
            await engine.SnapshotAsync();
        }

        string[] snapshots = [.. Directory.GetDirectories(Path.Combine(Folder("a"), "snapshots")).Order()];
        Assert.Equal(2, snapshots.Length);
        string arrays = Path.Combine(snapshots[1], "state", "model.safetensors");
        byte[] bytes = await File.ReadAllBytesAsync(arrays);
        bytes[bytes.Length / 2] ^= 1;
        await File.WriteAllBytesAsync(arrays, bytes);

        await using var restored = await OnlineEngine.OpenAsync(Folder("a"), OnlineTestData.Options);
        await using var steady = await OnlineEngine.OpenAsync(Folder("b"), OnlineTestData.Options, start);
        await OnlineTestData.Accept(steady, OnlineTestData.Events(start, 300, 1));
        AssertSame(steady, restored);
    }

    [Fact]
    public async Task When_it_is_opened_EASE_holds_all_of_the_log()
    {
        var start = OnlineTestData.Start();
        var seldom = OnlineTestData.Options with { EaseStepUsers = int.MaxValue, EaseStepDelay = TimeSpan.FromHours(1) };
        var events = OnlineTestData.Events(start, 120, 1);
        await using (var engine = await OnlineEngine.OpenAsync(Folder("a"), seldom, start))
        {
            await engine.AcceptAsync(events);
        }

        await using var opened = await OnlineEngine.OpenAsync(Folder("a"), seldom);
        await using var steady = await OnlineEngine.OpenAsync(Folder("b"), seldom, start);
        await OnlineTestData.Accept(steady, events);
        Assert.Equal(0, opened.State.Ease!.Pending);
        AssertSame(steady, opened);
    }

    [Fact]
    public async Task Repeated_events_change_nothing_not_even_after_a_restart()
    {
        var start = OnlineTestData.Start();
        var events = OnlineTestData.Events(start, 200, 1);
        string before;
        await using (var engine = await OnlineEngine.OpenAsync(Folder("a"), OnlineTestData.Options, start))
        {
            await OnlineTestData.Accept(engine, events);
            var again = await engine.AcceptAsync(events);
            Assert.Equal(0, again.Accepted);
            Assert.Equal(200, again.Duplicates);
            before = Histories(engine);
        }

        await using var restarted = await OnlineEngine.OpenAsync(Folder("a"), OnlineTestData.Options);
        Assert.Equal(200, (await restarted.AcceptAsync(events)).Duplicates);
        Assert.Equal(200, restarted.Accepted);
        Assert.Equal(before, Histories(restarted));
    }

    [Fact]
    public async Task New_users_and_items_are_served_without_a_restart()
    {
        var start = OnlineTestData.Start();
        await using var engine = await OnlineEngine.OpenAsync(Folder("a"), OnlineTestData.Options, start);
        var recommender = engine.CreateRecommender();
        Assert.True((await recommender.RecommendAsync(new RecommendationQuery { User = "stranger" })).Fallback);

        // Thirty readers of one book all take up a new one; then a stranger reads the first.
        string known = start.Data.Items[3];
        var events = new List<IncomingEvent>();
        for (int r = 0; r < 30; r++)
        {
            events.Add(new IncomingEvent($"reader-{r}", known, "click"));
            events.Add(new IncomingEvent($"reader-{r}", "sequel", "click"));
        }

        events.Add(new IncomingEvent("stranger", known, "click"));
        await OnlineTestData.Accept(engine, [.. events]);
        foreach (var (model, count) in new[] { ("ease", 5), ("als", 20) })
        {
            var list = await recommender.RecommendAsync(new RecommendationQuery { User = "stranger", Model = model, Count = count, Explain = true });
            Assert.False(list.Fallback);
            Assert.Contains("sequel", list.Items.Select(i => i.Id));
            Assert.DoesNotContain(known, list.Items.Select(i => i.Id));
            Assert.Equal(known, list.Items[0].Reasons![0].Item);
            Assert.Contains("sequel", (await recommender.SimilarAsync(new SimilarQuery(known) { Model = model, Count = 20 })).Items.Select(i => i.Id));
        }

        Assert.Equal(30, (await recommender.GetItemAsync("sequel"))!.Users);
        Assert.Equal([known, "sequel"], (await recommender.GetUserAsync("reader-4"))!.History.Select(h => h.Item));
    }

    [Fact]
    public async Task A_dislike_lowers_an_item_and_a_removal_takes_it_out_of_the_history()
    {
        var start = OnlineTestData.Start();
        await using var engine = await OnlineEngine.OpenAsync(Folder("a"), OnlineTestData.Options, start);
        string user = start.Data.Users[5];
        string item = start.Data.Items[Enumerable.Range(0, 100).First(i => !start.Data.Interactions.Row(5).Contains(i))];
        var recommender = engine.CreateRecommender();
        int place = engine.State.Read(s => s.ItemIds.TryGetIndex(item, out int index) ? index : -1);
        float als = OnlineTestData.Scores(engine, "als", user)[place];
        float lmf = OnlineTestData.Scores(engine, "lmf", user)[place];
        await OnlineTestData.Accept(engine, [.. Enumerable.Range(0, 5).Select(_ => new IncomingEvent(user, item, "dislike"))]);
        Assert.True(OnlineTestData.Scores(engine, "als", user)[place] < als);
        Assert.True(OnlineTestData.Scores(engine, "lmf", user)[place] < lmf);
        Assert.True((await recommender.GetUserAsync(user))!.History.Single(h => h.Item == item).Weight < 0);

        await OnlineTestData.Accept(engine, [new IncomingEvent(user, item, "remove")]);
        Assert.DoesNotContain(item, (await recommender.GetUserAsync(user))!.History.Select(h => h.Item));
        Assert.Equal(als, OnlineTestData.Scores(engine, "als", user)[place], 1e-6f);
    }

    [Fact]
    public async Task Filters_apply_and_there_are_always_as_many_items_as_asked_for()
    {
        var start = OnlineTestData.Start();
        await using var engine = await OnlineEngine.OpenAsync(Folder("a"), OnlineTestData.Options, start);
        var store = new ItemStore();
        store.Upsert([.. Enumerable.Range(0, 50).Select(i => new ItemUpdate(start.Data.Items[i]) { Name = $"Book {i}", Categories = [i % 2 == 0 ? "even" : "odd"] })]);
        store.Delete(start.Data.Items[10]);
        var recommender = engine.CreateRecommender(store);
        string user = start.Data.Users[2];
        foreach (string model in All)
        {
            var even = await recommender.RecommendAsync(new RecommendationQuery { User = user, Model = model, Categories = ["even"], KeepSeen = true, Count = 100 });
            Assert.Equal(24, even.Items.Count);
            var allowed = await recommender.RecommendAsync(new RecommendationQuery
            {
                User = user,
                Model = model,
                KeepSeen = true,
                Allow = [start.Data.Items[7], start.Data.Items[8], "?"],
                Exclude = [start.Data.Items[8]],
            });
            Assert.Equal([start.Data.Items[7]], allowed.Items.Select(i => i.Id));
            Assert.Equal("Book 7", allowed.Items[0].Name);
            var page = await recommender.RecommendAsync(new RecommendationQuery { User = user, Model = model, Count = 10, Offset = 5 });
            var whole = await recommender.RecommendAsync(new RecommendationQuery { User = user, Model = model, Count = 15 });
            Assert.Equal(whole.Items.Skip(5).Select(i => i.Id), page.Items.Select(i => i.Id));
        }
    }

    [Fact]
    public async Task A_batch_with_an_event_that_is_not_valid_is_refused_whole()
    {
        await using var engine = await OnlineEngine.OpenAsync(Folder("a"), OnlineTestData.Options);
        IncomingEvent good = new("u", "i", "click");
        foreach (var bad in new IncomingEvent[]
        {
            new("u", "i", "sneeze"), new("", "i", "click"), new("u", "", "click"), new("u", "i", "click", ""),
            new("u", "i", "click", "x", float.NaN), new("u", "i", "click", "y", -1),
        })
        {
            await Assert.ThrowsAsync<InvalidOptionException>(async () => await engine.AcceptAsync(new[] { good, bad }));
        }

        Assert.Equal(0, engine.Accepted);
        await Assert.ThrowsAsync<InvalidOptionException>(async () =>
            await engine.CreateRecommender().RecommendAsync(new RecommendationQuery { User = "u", Model = "als" }));
    }

    [Fact]
    public async Task Readers_and_writers_work_at_the_same_time()
    {
        var start = OnlineTestData.Start();
        await using var engine = await OnlineEngine.OpenAsync(Folder("a"), OnlineTestData.Options with { EagerFoldIn = true }, start);
        var recommender = engine.CreateRecommender();
        using var stop = new CancellationTokenSource();
        var readers = Enumerable.Range(0, 3).Select(r => Task.Run(async () =>
        {
            for (int i = 0; !stop.IsCancellationRequested; i++)
            {
                var list = await recommender.RecommendAsync(new RecommendationQuery { User = start.Data.Users[i % 200], Model = All[(i + r) % 4], Count = 10 });
                Assert.Equal(10, list.Items.Count);
                Assert.All(list.Items, item => Assert.True(float.IsFinite(item.Score)));
            }
        })).ToArray();
        for (ulong round = 0; round < 6; round++)
        {
            await OnlineTestData.Accept(engine, OnlineTestData.Events(start, 300, 10 + round), 40);
            await engine.ForgetAsync(start.Data.Users[(int)round]);
            await engine.SnapshotAsync();
        }

        await stop.CancelAsync();
        await Task.WhenAll(readers);
        Assert.True(engine.State.Read(s => s.Position) == 1806);
        await engine.FoldIn!.WaitIdleAsync();
        Assert.True(engine.FoldIn.Folded > 0);
    }

    [Fact]
    public async Task Snapshots_by_count_let_go_of_the_log()
    {
        var start = OnlineTestData.Start();
        var options = OnlineTestData.Options with
        {
            SnapshotEvents = 400,
            Log = new EventLogOptions { SegmentBytes = 4096, DedupEvents = 10 },
        };
        await using var engine = await OnlineEngine.OpenAsync(Folder("a"), options, start);
        await OnlineTestData.Accept(engine, OnlineTestData.Events(start, 2000, 3));
        for (int wait = 0; wait < 200 && Directory.GetDirectories(Path.Combine(Folder("a"), "snapshots")).Length < 2; wait++)
        {
            await Task.Delay(20);
        }

        await engine.SnapshotAsync();
        await engine.SnapshotAsync();
        Assert.InRange(Directory.GetDirectories(Path.Combine(Folder("a"), "snapshots")).Length, 1, 2);
    }

    [Fact]
    public async Task Old_clicks_weigh_less_than_new_ones()
    {
        var options = OnlineTestData.Options with { PopularityHalfLife = TimeSpan.FromHours(1), Ease = null, Lmf = null };
        await using var engine = await OnlineEngine.OpenAsync(Folder("a"), options);
        var noon = OnlineTestData.Noon;
        await OnlineTestData.Accept(
            engine,
            [
                .. Enumerable.Range(0, 7).Select(u => new IncomingEvent($"u{u}", "old", "click", null, null, noon)),
                new IncomingEvent("v", "new", "click", null, null, noon.AddHours(3)),
            ]);
        float[] scores = OnlineTestData.Scores(engine, "popularity", "v");
        Assert.Equal(7f / 15, scores[0], 1e-5f);
        Assert.Equal(8f / 15, scores[1], 1e-5f);

        // Ten years later nothing of it is left, and nothing overflowed.
        await OnlineTestData.Accept(engine, [new IncomingEvent("w", "newest", "click", null, null, noon.AddYears(10))]);
        Assert.Equal([0, 0, 1], OnlineTestData.Scores(engine, "popularity", "v"));
    }

    private static string Histories(OnlineEngine engine) =>
        engine.State.Read(s => OnlineTestData.Describe(s.Histories.ToMatrix(s.UserIds.Count, s.ItemIds.Count)));

    private static void AssertSame(OnlineEngine expected, OnlineEngine actual)
    {
        Assert.Equal(Histories(expected), Histories(actual));
        string[] users = expected.State.Read(s => Enumerable.Range(0, s.UserIds.Count).Select(u => s.UserIds[u]).ToArray());
        Assert.Equal(users, actual.State.Read(s => Enumerable.Range(0, s.UserIds.Count).Select(u => s.UserIds[u]).ToArray()));
        foreach (string user in users)
        {
            foreach (string model in new[] { "als", "lmf", "popularity" })
            {
                Assert.Equal(OnlineTestData.Scores(expected, model, user), OnlineTestData.Scores(actual, model, user));
            }

            float[] ease = OnlineTestData.Scores(expected, "ease", user);
            float[] other = OnlineTestData.Scores(actual, "ease", user);
            for (int i = 0; i < ease.Length; i++)
            {
                Assert.Equal(ease[i], other[i], 1e-4f);
            }
        }
    }

    private string Folder(string name) => Path.Combine(_folder.Path, name);
}
