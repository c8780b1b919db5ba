using Recsys.Engine.Data;
using Recsys.Engine.Data.Synthetic;
using Recsys.Engine.Models;
using Recsys.Engine.Serving;
using Recsys.Engine.Storage;

namespace Recsys.Engine.Tests.Serving;

/// <summary>EASE that is too large to be kept exact: B stands, histories do not.</summary>
public sealed class StandingEaseTests : IDisposable
{
    private static readonly Lazy<SyntheticCatalogue> Shop = new(() => SyntheticCatalogue.Create(new SyntheticOptions { Users = 200, Items = 120, Seed = 5 }));

    private readonly string _folder = Path.Combine(Path.GetTempPath(), $"recsys-standing-{Guid.NewGuid():N}");

    public void Dispose()
    {
        if (Directory.Exists(_folder))
        {
            Directory.Delete(_folder, recursive: true);
        }
    }

    [Fact]
    public async Task Standing_and_exact_give_the_same_lists_until_B_would_follow_events()
    {
        await using var standing = await OpenAsync("standing", LiveEaseMode.Standing);
        await using var exact = await OpenAsync("exact", LiveEaseMode.Exact);
        string item = Shop.Value.Items[3].Id;
        for (int u = 0; u < 20; u++)
        {
            var query = new RecommendationQuery { User = Shop.Value.Data.Users[u], Count = 10, Explain = true };
            AssertSame(await exact.Recommender.RecommendAsync(query), await standing.Recommender.RecommendAsync(query));
            var given = new RecommendationQuery { History = [new(item, 3), new(Shop.Value.Items[7].Id), new(Shop.Value.Items[u + 20].Id, -1)] };
            AssertSame(await exact.Recommender.RecommendAsync(given), await standing.Recommender.RecommendAsync(given));
        }

        static void AssertSame(RecommendationList a, RecommendationList b)
        {
            Assert.Equal(a.Model, b.Model);
            Assert.False(b.Fallback);
            Assert.Equal(a.Items.Select(i => i.Id), b.Items.Select(i => i.Id));
            Assert.All(a.Items.Zip(b.Items), p => Assert.Equal(p.First.Score, p.Second.Score, 1e-4f));
        }
    }

    [Fact]
    public async Task Present_histories_are_scored_at_once_and_after_a_restart()
    {
        string[] liked = [.. Shop.Value.Items.Take(3).Select(i => i.Id)];
        string disliked = Shop.Value.Items[50].Id;
        RecommendationList before;
        await using (var data = await OpenAsync("data", LiveEaseMode.Standing))
        {
            Assert.True((await data.Recommender.RecommendAsync(new() { User = "ann" })).Fallback);
            await LearnAsync(data, [.. liked.Select(i => new IncomingEvent("ann", i, "purchase")), new("ann", disliked, "dislike"), new("ann", "brand-new", "click")]);
            before = await data.Recommender.RecommendAsync(new() { User = "ann", Count = 120, Explain = true });
        }

        Assert.Equal(("ease", "1", false), (before.Model, before.Version, before.Fallback));
        Assert.DoesNotContain(before.Items, i => liked.Contains(i.Id) || i.Id == disliked || i.Id == "brand-new");
        using var model = Train();
        var profile = model.FoldIn([.. liked.Select(i => IndexOf(model, i)).Order()], default);
        float[] scores = new float[model.Items.Count];
        model.Score(profile, scores);
        Assert.Equal(model.Items.Count - 4, before.Items.Count);
        Assert.All(before.Items, i => Assert.Equal(scores[IndexOf(model, i.Id)], i.Score));
        Assert.All(before.Items.Take(5), i => Assert.Equal(i.Score, i.Reasons!.Sum(r => r.Contribution), 1e-5f));

        await using var again = await OpenAsync("data", LiveEaseMode.Auto, []);
        var after = await again.Recommender.RecommendAsync(new() { User = "ann", Count = 120 });
        Assert.Equal(before.Items.Select(i => (i.Id, i.Score)), after.Items.Select(i => (i.Id, i.Score)));
        Assert.Equal(ModelKind.Standing, (await again.Recommender.GetStatusAsync()).Kind);
    }

    [Fact]
    public async Task B_is_stored_once_and_in_no_snapshot()
    {
        await using var data = await OpenAsync("data", LiveEaseMode.Standing);
        await LearnAsync(data, [new("ann", Shop.Value.Items[0].Id, "click")]);
        await data.Engine.SnapshotAsync();
        string[] holding =
        [
            .. Directory.GetFiles(Path.Combine(_folder, "data"), "manifest.json", SearchOption.AllDirectories)
                .Select(f => Path.GetDirectoryName(f)!).Where(HoldsSquare).Select(d => Path.GetRelativePath(_folder, d)),
        ];
        Assert.Equal([Path.Combine("data", "models", "ease", "1")], holding);
        Assert.Equal(2, Directory.GetDirectories(Path.Combine(_folder, "data", "online", "snapshots")).Length);
        var version = Assert.Single(await data.Recommender.ListAsync(), v => v.Model == "ease");
        Assert.Equal((ModelKind.Standing, true, true, true), (version.Kind, version.Active, version.Default, version.Stored));
        Assert.Equal(ModelKind.Live, (await data.Recommender.ListAsync()).Single(v => v.Model == "popularity").Kind);
    }

    [Fact]
    public async Task A_forgotten_user_gets_popular_items()
    {
        await using var data = await OpenAsync("data", LiveEaseMode.Standing);
        string user = Shop.Value.Data.Users[4];
        Assert.False((await data.Recommender.RecommendAsync(new() { User = user })).Fallback);
        Assert.True(await data.Engine.ForgetAsync(user));
        var list = await data.Recommender.RecommendAsync(new() { User = user });
        Assert.Equal(("popularity", true), (list.Model, list.Fallback));
    }

    [Fact]
    public async Task New_items_wait_for_the_next_training_which_replaces_B()
    {
        await using var data = await OpenAsync("data", LiveEaseMode.Standing);
        string with = Shop.Value.Items[0].Id;
        await LearnAsync(data, [.. Enumerable.Range(0, 30).SelectMany(u => new IncomingEvent[] { new($"new-{u}", with, "click"), new($"new-{u}", "brand-new", "click") })]);
        var query = new RecommendationQuery { History = [new(with)], Count = 5 };
        Assert.DoesNotContain((await data.Recommender.RecommendAsync(query)).Items, i => i.Id == "brand-new");
        Assert.Empty((await data.Recommender.SimilarAsync(new SimilarQuery("brand-new"))).Items);
        await Assert.ThrowsAsync<UnknownIdException>(() => data.Recommender.SimilarAsync(new SimilarQuery("never-seen")).AsTask());

        var job = await data.Training.StartAsync(new TrainingRequest("ease", new OptionBag([new("regularization", "50")])));
        await foreach (var status in data.Training.WatchAsync(job.Id))
        {
            job = status;
        }

        Assert.Equal((TrainingState.Succeeded, "2"), (job.State, job.Version));
        Assert.Contains((await data.Recommender.RecommendAsync(query)).Items, i => i.Id == "brand-new");
    }

    [Theory]
    [InlineData(119, 1.0, ModelKind.Standing)]
    [InlineData(120, 1.0, ModelKind.Live)]
    [InlineData(120, 0.2, ModelKind.Standing)]
    public async Task Auto_keeps_exact_what_is_small_and_dense(int most, double density, ModelKind expected)
    {
        await using var data = await OpenAsync("data", LiveEaseMode.Auto, [Train(density)], most);
        Assert.Equal(expected, (await data.Recommender.ListAsync()).Single(v => v.Model == "ease").Kind);
    }

    [Theory]
    [InlineData(LiveEaseMode.Exact, LiveEaseMode.Standing, "EASE is kept exact here")]
    [InlineData(LiveEaseMode.Standing, LiveEaseMode.Exact, "EASE is standing here")]
    public async Task A_directory_holds_to_what_it_began_with(LiveEaseMode first, LiveEaseMode second, string message)
    {
        await (await OpenAsync("data", first)).DisposeAsync();
        var error = await Assert.ThrowsAsync<RecsysException>(() => OpenAsync("data", second, []));
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
    }

    private static bool HoldsSquare(string directory)
    {
        using var stored = ModelStore.Open(directory);
        return stored.Tensors.Values.Any(t => t.Shape.SequenceEqual([120L, 120L]));
    }

    [Fact]
    public async Task Nothing_can_stand_that_was_not_trained()
    {
        var error = await Assert.ThrowsAsync<InvalidOptionException>(() => OpenAsync("data", LiveEaseMode.Standing, []));
        Assert.Contains("begin the directory with an EASE model", error.Message, StringComparison.Ordinal);
        await (await OpenAsync("data", LiveEaseMode.Standing)).DisposeAsync();
    }

    private static IRecommenderModel Train(double density = 1) => Algorithms.Get("ease").Train(
        Shop.Value.Data, new OptionBag([new("regularization", "50"), new("sparsify", density.ToString(System.Globalization.CultureInfo.InvariantCulture))]));

    private static int IndexOf(IRecommenderModel model, string item) => model.Items.TryGetIndex(item, out int index) ? index : throw new ArgumentException(item);

    private static async Task LearnAsync(DataDirectory data, IncomingEvent[] events)
    {
        var receipt = await data.Engine.AcceptAsync(events);
        await data.Engine.WaitAppliedAsync(receipt.Position);
    }

    private Task<DataDirectory> OpenAsync(string name, LiveEaseMode mode, IReadOnlyList<IRecommenderModel>? models = null, int most = 8192) =>
        DataDirectory.OpenAsync(Path.Combine(_folder, name), models ?? [Train()], new DataDirectoryOptions { Ease = mode, ExactEaseItems = most });
}
