using Orleans.TestingHost;
using Recsys.Grains;

namespace Recsys.Cluster.Tests;

public sealed class ClusterTests
{
    [Fact]
    public async Task Grains_answer_on_a_cluster_of_two_silos()
    {
        await using var cluster = new InProcessTestClusterBuilder(2).Build();
        await cluster.DeployAsync();
        var places = await Task.WhenAll(Enumerable.Range(0, 40).Select(i => cluster.Client.GetGrain<IPingGrain>($"{i}").WhereAsync()));
        Assert.Equal(2, places.Distinct().Count());
    }
}
