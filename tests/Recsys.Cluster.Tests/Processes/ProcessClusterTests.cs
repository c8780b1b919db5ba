using System.Net;
using Orleans.Runtime;
using Recsys.Client;
using Recsys.Cluster.Tests.Postgres;
using Recsys.Grains;

namespace Recsys.Cluster.Tests.Processes;

/// <summary>Silos as processes, PostgreSQL between them.</summary>
[Collection(PostgresCollection.Name)]
[Trait("Category", "Long")]
public sealed class ProcessClusterTests : IDisposable
{
    private readonly string _cache = Directory.CreateTempSubdirectory("recsys-processes-").FullName;
    private readonly List<SiloProcess> _silos = [];

    public void Dispose()
    {
        _silos.ForEach(s => s.Dispose());
        Directory.Delete(_cache, recursive: true);
    }

    [PostgresFact]
    public async Task Silos_find_each_other_lose_one_that_is_killed_and_hand_over_when_one_is_stopped()
    {
        string connection = PostgresServer.Instance.CreateDatabase();
        _silos.AddRange(await SiloProcess.StartAsync(3, connection, "one", _cache));
        await using var client = await RecsysClient.ConnectAsync(new RecsysClientOptions { Cluster = "one", Postgres = connection });
        Assert.Equal(3, await PlacesAsync(client));
        _silos[0].Kill();
        await EventuallyAsync(async () => await ActiveAsync(client) == 2);
        Assert.Equal(2, await PlacesAsync(client));

        Assert.Equal(0, await _silos[1].StopAsync());
        Assert.Contains("stopped", _silos[1].Output);
        Assert.Equal(1, await ActiveAsync(client)); // it left: nobody had to find out
        Assert.Equal(1, await PlacesAsync(client));

        _silos.Add(SiloProcess.Start(connection, "one", _cache));
        await _silos[^1].WaitReadyAsync();
        Assert.Equal(2, await ActiveAsync(client));
        Assert.Contains("orleans_", await _silos[^1].GetAsync("/metrics"));
    }

    [PostgresFact]
    public async Task A_silo_that_drains_says_so_before_it_stops_answering()
    {
        string connection = PostgresServer.Instance.CreateDatabase();
        _silos.Add(SiloProcess.Start(connection, "one", _cache, "--drain-seconds", "2"));
        await _silos[0].WaitReadyAsync();
        var stopping = _silos[0].StopAsync();
        await EventuallyAsync(async () => await _silos[0].StatusOfAsync("/health/ready") == HttpStatusCode.ServiceUnavailable);
        Assert.Equal(HttpStatusCode.OK, await _silos[0].StatusOfAsync("/health/live"));
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
