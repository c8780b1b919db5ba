using System.Collections.Concurrent;
using Recsys.Engine.Serving;

namespace Recsys.Cluster.Tests.Serving;

/// <summary>New versions of models in a cluster of two silos.</summary>
public sealed class SwapTests : IAsyncLifetime
{
    private ServingCluster _cluster = null!;

    public async Task InitializeAsync() => _cluster = await ServingCluster.StartAsync(2);

    public async Task DisposeAsync() => await _cluster.DisposeAsync();

    [Fact]
    public async Task The_old_version_answers_while_the_new_one_loads()
    {
        using var first = ServingCluster.Ease(20);
        using var second = ServingCluster.Ease(200);
        await _cluster.ServeAsync("ease", first);
        _cluster.Blobs.Hold("models/ease/000002/");
        string version = await Recsys.Engine.Storage.ModelBlobs.SaveAsync(_cluster.Blobs.Unheld, "ease", second.ToContents());
        Assert.Equal("2", version);

        // The directory looks at the version's manifest, which is held up too, as is every silo's loading.
        var activating = _cluster.Recommender.ActivateAsync("ease", version, makeDefault: true).AsTask();
        for (int i = 0; i < 50; i++)
        {
            Assert.Equal("1", (await _cluster.Recommender.RecommendAsync(new() { User = ServingCluster.Data.Users[i] })).Version);
            await Task.Delay(5);
        }

        _cluster.Blobs.Release();
        Assert.True((await activating).Active);
        await _cluster.WaitServedAsync("ease", "2");
        Assert.Equal("2", (await _cluster.Recommender.RecommendAsync(new() { User = ServingCluster.Data.Users[0] })).Version);

        var back = await _cluster.Recommender.RollBackAsync("ease");
        Assert.Equal(("1", true, true), (back.Version, back.Active, back.Default));
        await _cluster.WaitServedAsync("ease", "1");
        Assert.Equal([("2", false), ("1", true)], (await _cluster.Recommender.ListAsync()).Select(v => (v.Version, v.Active)));
    }

    [Fact]
    public async Task Every_answer_is_of_one_version_through_all_swaps()
    {
        const int Versions = 5;
        string[] users = [.. Enumerable.Range(0, 40).Select(u => ServingCluster.Data.Users[u])];
        var expected = new Dictionary<(string Version, string User), (string, float)[]>();
        var models = new List<Engine.Ease.EaseModel>();
        for (int v = 1; v <= Versions; v++)
        {
            var model = ServingCluster.Ease(10 * v);
            models.Add(model);
            var library = new ModelLibrary();
            library.Add("ease", model);
            var alone = new ModelRecommender(library, new ItemStore());
            foreach (string user in users)
            {
                expected[($"{v}", user)] = Columns(await alone.RecommendAsync(new() { User = user }));
            }
        }

        await _cluster.ServeAsync("ease", models[0]);
        using var stopping = new CancellationTokenSource();
        var seen = new ConcurrentDictionary<string, int>();
        var readers = Enumerable.Range(0, 4).Select(r => Task.Run(async () =>
        {
            for (int i = r; !stopping.IsCancellationRequested; i++)
            {
                string user = users[i % users.Length];
                var list = await _cluster.Recommender.RecommendAsync(new() { User = user });
                Assert.Equal(expected[(list.Version, user)], Columns(list));
                seen.AddOrUpdate(list.Version, 1, (_, n) => n + 1);
            }
        })).ToArray();
        for (int v = 2; v <= Versions; v++)
        {
            await ServingTests.UntilAsync(() => Task.FromResult(seen.ContainsKey($"{v - 1}")));
            Assert.Equal($"{v}", (await _cluster.ServeAsync("ease", models[v - 1])).Version);
        }

        await ServingTests.UntilAsync(() => Task.FromResult(seen.ContainsKey($"{Versions}")));
        await stopping.CancelAsync();
        await Task.WhenAll(readers);
        Assert.Equal(Versions, seen.Count);
        models.ForEach(m => m.Dispose());

        static (string, float)[] Columns(RecommendationList list) => [.. list.Items.Select(i => (i.Id, i.Score))];
    }
}
