using Recsys.Engine.Models;
using Recsys.Engine.Serving;
using Recsys.Grains.Serving;

namespace Recsys.Cluster.Tests.Serving;

/// <summary>Models that no silo holds whole, in a cluster of three silos.</summary>
public sealed class PartitionedTests : IAsyncLifetime
{
    private ServingCluster _cluster = null!;

    public async Task InitializeAsync() => _cluster = await ServingCluster.StartAsync(3, o => o.ModelBytes = 1000);

    public async Task DisposeAsync() => await _cluster.DisposeAsync();

    [Theory]
    [InlineData("als")]
    [InlineData("ease")]
    public async Task Partitioned_serving_equals_replicated_serving(string kind)
    {
        using IRecommenderModel model = kind == "als" ? ServingCluster.Als() : ServingCluster.Ease();
        using IRecommenderModel next = kind == "als" ? ServingCluster.Als(2) : ServingCluster.Ease(100);
        await _cluster.ServeAsync(kind, model);
        var data = ServingCluster.Data;
        var ingest = await _cluster.Recommender.GetIngestAsync();
        await ingest.AcceptAsync(new[] { new IncomingEvent("ann", data.Items[4], "click"), new IncomingEvent("ann", data.Items[40], "purchase") });
        await CheckAsync(model, "1");
        Assert.Equal([kind], (await _cluster.Client.GetGrain<IQueryGrain>(0).StatusAsync()).Partitioned);

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

            ServingTests.Equal(
                await alone.RecommendAsync(query with { History = [new(data.Items[4]), new(data.Items[40], 3)] }),
                await recommender.RecommendAsync(query with { User = "ann" }));
            ServingTests.Equal(await alone.RecommendAsync(query with { User = "nobody" }), await recommender.RecommendAsync(query with { User = "nobody" }));
            ServingTests.Equal(
                await alone.RecommendAsync(query with { History = [new(data.Items[7], -1), new(data.Items[8])] }),
                await recommender.RecommendAsync(query with { History = [new(data.Items[7], -1), new(data.Items[8])] }));
            ServingTests.Equal(await alone.SimilarAsync(new(data.Items[3])), await recommender.SimilarAsync(new(data.Items[3])));
        }
    }
}
