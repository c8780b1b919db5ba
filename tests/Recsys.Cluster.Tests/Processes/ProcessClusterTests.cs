using System.Net;
using Orleans.Runtime;
using Recsys.Client;
using Recsys.Cluster.Tests.Postgres;
using Recsys.Grains;

namespace Recsys.Cluster.Tests.Processes;

/// <summary>Silos as processes, PostgreSQL between them.</summary>
[Trait("Category", "Long")]
public sealed class ProcessClusterTests : SiloProcessTests
{
    [PostgresFact]
    public async Task Silos_find_each_other_lose_one_that_is_killed_and_hand_over_when_one_is_stopped()
    {
        await StartAsync(3);
        await using var client = await RecsysClient.ConnectAsync(new RecsysClientOptions { Cluster = Cluster, Postgres = Connection });
        await EventuallyAsync(async () => await PlacesAsync(client) == 3); // where silos know each other's load, new grains go to all
        Silos[0].Kill();
        await EventuallyAsync(async () => await ActiveAsync(client) == 2);
        await EventuallyAsync(async () => await PlacesAsync(client) == 2);

        Assert.Equal(0, await Silos[1].StopAsync());
        Assert.Contains("stopped", Silos[1].Output);
        Assert.Equal(1, await ActiveAsync(client)); // it left: nobody had to find out
        Assert.Equal(1, await PlacesAsync(client));

        await StartAsync(1);
        Assert.Equal(2, await ActiveAsync(client));
        Assert.Contains("orleans_", await Silos[^1].GetAsync("/metrics"));
    }

    [PostgresFact]
    public async Task A_silo_that_drains_says_so_before_it_stops_answering()
    {
        await StartAsync(1, "--drain-seconds", "2");
        var stopping = Silos[0].StopAsync();
        await EventuallyAsync(async () => await Silos[0].StatusOfAsync("/health/ready") == HttpStatusCode.ServiceUnavailable);
        Assert.Equal(HttpStatusCode.OK, await Silos[0].StatusOfAsync("/health/live"));
        Assert.Equal(0, await stopping);
    }

    private static async Task<int> PlacesAsync(RecsysClient client)
    {
        var places = new HashSet<string>();
        for (int i = 0; i < 200; i++)
        {
            places.Add(await client.Grains.GetGrain<IPingGrain>($"{Guid.NewGuid()}").WhereAsync());
        }

        return places.Count;
    }

    private static async Task<int> ActiveAsync(RecsysClient client) =>
        (await client.Grains.GetGrain<IManagementGrain>(0).GetHosts(onlyActive: true)).Count;

    private static async Task EventuallyAsync(Func<Task<bool>> condition)
    {
        for (int t = 0; t < 300; t++)
        {
            try
            {
                if (await condition())
                {
                    return;
                }
            }
            catch (Exception e) when (e is TimeoutException or OrleansException)
            {
            }

            await Task.Delay(100);
        }

        Assert.Fail("it did not happen within 30 seconds");
    }
}
