using Recsys.Engine.Models;
using Recsys.Engine.Serving;
using Recsys.Grains.Serving;

namespace Recsys.Cluster.Tests.Serving;

/// <summary>Models that no silo holds whole, in a cluster of three silos, or that every silo holds.</summary>
public sealed class PartitionedTests : IAsyncLifetime
{
    private ServingCluster _cluster = null!;

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync() => await _cluster.DisposeAsync();

    [Theory]
    [InlineData("als", true)]
    [InlineData("ease", true)]
    [InlineData("als", false)]
    [InlineData("ease", false)]
    public async Task Partitioned_and_replicated_serving_equal_one_process(string kind, bool partitioned)
    {
        _cluster = await ServingCluster.StartAsync(3, o => o.ModelBytes = partitioned ? 1000 : 1 << 30);
        using IRecommenderModel model = kind == "als" ? ServingCluster.Als() : ServingCluster.Ease();
        using IRecommenderModel next = kind == "als" ? ServingCluster.Als(2) : ServingCluster.Ease(100);
        await _cluster.ServeAsync(kind, model);
        var data = ServingCluster.Data;
        var ingest = await _cluster.Recommender.GetIngestAsync();
        await ingest.AcceptAsync(new IncomingEvent[]
        {
            new("ann", data.Items[4], "click"), new("ann", data.Items[40], "purchase"),
            new("eve", data.Items[5], "purchase"), new("eve", data.Items[41], "dislike"), new("eve", data.Items[60], "click"), new("sour", data.Items[41], "dislike"),
        });
        await CheckAsync(model, "1");
        Assert.Equal(partitioned ? [kind] : [], (await _cluster.Client.GetGrain<IQueryGrain>(0).StatusAsync()).Partitioned);

        // A silo that held partitions is lost: others load them.
        await _cluster.Cluster.StopSiloAsync(_cluster.Cluster.Silos[2]);
        await CheckAsync(model, "1");
        await _cluster.ServeAsync(kind, next);
        await CheckAsync(next, "2");

        async Task CheckAsync(IRecommenderModel expected, string version)
        {
            var library = new ModelLibrary();
            library.Add(kind, expected);
            var alone = new ModelRecommender(library, new ItemStore());
            var query = new RecommendationQuery { Count = 25, Explain = true, Exclude = [data.Items[9]] };
            var recommender = _cluster.Recommender;
            for (int u = 0; u < 10; u++)
            {
                var list = await recommender.RecommendAsync(query with { User = data.Users[u] });
                Assert.Equal(version, list.Version);
                ServingTests.Equal(await alone.RecommendAsync(query with { User = data.Users[u] }), list);
            }

            // EASE was trained on who has what: a like counts 1, a dislike does not count and is left out. ALS takes the weights.
            foreach (bool keepSeen in new[] { false, true })
            {
                var given = query with { KeepSeen = keepSeen, Count = data.Items.Count };
                await LikeAsync("ann", given, [new(data.Items[4]), new(data.Items[40], 3)]);
                await LikeAsync("eve", given, [new(data.Items[5], 3), new(data.Items[41], -1), new(data.Items[60])]);
                await LikeAsync("sour", given, [new(data.Items[41], -1)]);
            }

            ServingTests.Equal(await alone.RecommendAsync(query with { User = "nobody" }), await recommender.RecommendAsync(query with { User = "nobody" }));
            ServingTests.Equal(await alone.SimilarAsync(new(data.Items[3])), await recommender.SimilarAsync(new(data.Items[3])));

            async Task LikeAsync(string user, RecommendationQuery query, HistoryItem[] history)
            {
                var asked = kind == "als"
                    ? query with { History = history }
                    : query with
                    {
                        History = [.. history.Where(h => h.Weight > 0).Select(h => new HistoryItem(h.Item))],
                        Exclude = query.KeepSeen ? query.Exclude : [.. query.Exclude, .. history.Where(h => h.Weight < 0).Select(h => h.Item)],
                    };
                var expected = await alone.RecommendAsync(asked);
                Assert.Equal(kind == "ease" && user == "sour", expected.Fallback);
                ServingTests.Equal(expected, await recommender.RecommendAsync(query with { User = user }));
                ServingTests.Equal(expected, await recommender.RecommendAsync(query with { History = history }));
            }
        }
    }
}
