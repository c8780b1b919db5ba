using Microsoft.Extensions.DependencyInjection;
using Orleans.Runtime;
using Orleans.TestingHost;
using Recsys.Grains;
using Recsys.Grains.Serving;

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

    [Fact]
    public async Task References_made_without_looking_at_the_interface_again_are_the_same()
    {
        await using var cluster = new InProcessTestClusterBuilder(1).Build();
        await cluster.DeployAsync();
        foreach (var grains in new[] { cluster.Client, cluster.Silos[0].ServiceProvider.GetRequiredService<IGrainFactory>() })
        {
            foreach (string key in new[] { "ann", "bob", "ünï", " x/y#z " })
            {
                Same(grains.GetGrain<IUserGrain>(key), grains.Known<IUserGrain>(key));
                Same(grains.GetGrain<IItemGrain>(key), grains.Known<IItemGrain>(key));
            }

            foreach (long key in new[] { 0, 1, 63, long.MaxValue, -5 })
            {
                Same(grains.GetGrain<IItemPartitionGrain>(key), grains.Known<IItemPartitionGrain>(key));
            }
        }

        static void Same(IAddressable expected, IAddressable found)
        {
            var (one, other) = ((GrainReference)expected, (GrainReference)found);
            Assert.Equal((one.GrainId, one.InterfaceType, one.GetType()), (other.GrainId, other.InterfaceType, other.GetType()));
        }
    }
}
