using Microsoft.Extensions.DependencyInjection;
using Orleans.Serialization;
using Recsys.Engine.Serving;
using Recsys.Grains.Serving;

namespace Recsys.Cluster.Tests.Serving;

public sealed class ServingWireTests
{
    [Fact]
    public void A_list_is_not_copied_within_a_silo_and_is_the_same_over_the_wire()
    {
        using var services = new ServiceCollection().AddSerializer(b => b.AddAssembly(typeof(IUserGrain).Assembly)).BuildServiceProvider();
        var list = new RecommendationList(
            "als", "3", false, [new RecommendedItem("a", 1.5f, "A", [new Reason("b", 0.5f, null), new Reason("c", -0.25f, "C")]), new RecommendedItem("d", 1, null, [])]);
        Assert.Same(list, services.GetRequiredService<DeepCopier>().Copy(list));
        var serializer = services.GetRequiredService<Serializer>();
        var came = serializer.Deserialize<RecommendationList>(serializer.SerializeToArray(list));
        Assert.Equal((list.Model, list.Version, list.Fallback), (came.Model, came.Version, came.Fallback));
        Assert.Equal(list.Items.Select(i => (i.Id, i.Score, i.Name)), came.Items.Select(i => (i.Id, i.Score, i.Name)));
        Assert.Equal(list.Items.SelectMany(i => i.Reasons!), came.Items.SelectMany(i => i.Reasons!));
    }
}
