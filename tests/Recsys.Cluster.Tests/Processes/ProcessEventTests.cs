using System.Collections.Concurrent;
using Npgsql;
using Recsys.Client;
using Recsys.Cluster.Tests.Postgres;
using Recsys.Engine.Serving;

namespace Recsys.Cluster.Tests.Processes;

/// <summary>Events into silos that are killed.</summary>
[Collection(PostgresCollection.Name)]
[Trait("Category", "Long")]
public sealed class ProcessEventTests : IDisposable
{
    private const int Senders = 8;
    private const int Batches = 40;
    private const int BatchEvents = 25;

    private readonly string _cache = Directory.CreateTempSubdirectory("recsys-processes-").FullName;
    private readonly List<SiloProcess> _silos = [];

    public void Dispose()
    {
        _silos.ForEach(s => s.Dispose());
        Directory.Delete(_cache, recursive: true);
    }

    [PostgresFact]
    public async Task Of_clicks_sent_while_silos_are_killed_and_restarted_every_acknowledged_one_counts_exactly_once()
    {
        string connection = PostgresServer.Instance.CreateDatabase();
        _silos.AddRange(await SiloProcess.StartAsync(2, connection, "one", _cache));
        await using var client = await RecsysClient.ConnectAsync(new RecsysClientOptions { Cluster = "one", Postgres = connection, CallPatience = TimeSpan.FromMinutes(1) });
        var acknowledged = new ConcurrentDictionary<string, (string User, string Item)>();
        var sending = Task.WhenAll(Enumerable.Range(0, Senders).Select(s => Task.Run(() => SendAsync(client, s, acknowledged))));

        await UntilAsync(() => acknowledged.Count > 1000, sending);
        _silos[0].Kill();
        _silos.Add(SiloProcess.Start(connection, "one", _cache));
        await _silos[2].WaitReadyAsync();
        await UntilAsync(() => acknowledged.Count > 4000, sending);
        _silos[1].Kill();
        _silos.Add(SiloProcess.Start(connection, "one", _cache));
        await _silos[3].WaitReadyAsync();
        await sending.WaitAsync(TimeSpan.FromMinutes(2));

        Assert.Equal(Senders * Batches * BatchEvents, acknowledged.Count);
        await using var database = NpgsqlDataSource.Create(connection);
        var stored = new List<string>();
        await using (var reader = await database.CreateCommand("SELECT id FROM recsys_events").ExecuteReaderAsync())
        {
            while (await reader.ReadAsync())
            {
                stored.Add(reader.GetString(0));
            }
        }

        Assert.Equal(acknowledged.Keys.Order(), stored.Order());

        // What was applied is what was stored: a click weighs 1, so a pair's weight is its number of clicks.
        var expected = acknowledged.Values.GroupBy(p => p).ToDictionary(g => g.Key, g => (float)g.Count());
        var histories = await client.Histories.GetHistoriesAsync();
        int pairs = 0;
        for (int u = 0; u < histories.Users.Count; u++)
        {
            var items = histories.Interactions.Row(u);
            var weights = histories.Interactions.RowValues(u);
            for (int i = 0; i < items.Length; i++, pairs++)
            {
                float weight = weights.IsEmpty ? 1 : weights[i];
                Assert.Equal(expected[(histories.Users[u], histories.Items[items[i]])], weight);
            }
        }

        Assert.Equal(expected.Count, pairs);
    }

    private static async Task SendAsync(RecsysClient client, int sender, ConcurrentDictionary<string, (string User, string Item)> acknowledged)
    {
        var random = new Random(sender);
        for (int b = 0; b < Batches; b++)
        {
            IncomingEvent[] events =
            [
                .. Enumerable.Range(0, BatchEvents).Select(e => new IncomingEvent($"u{random.Next(200)}", $"i{random.Next(50)}", "click", $"{sender}-{b}-{e}")),
            ];
            var receipt = await client.Events.AcceptAsync(events);
            Assert.Equal(BatchEvents, receipt.Accepted + receipt.Duplicates);
            foreach (var e in events)
            {
                acknowledged[e.Id!] = (e.User, e.Item);
            }

            await Task.Delay(50);
        }
    }

    private static async Task UntilAsync(Func<bool> condition, Task sending)
    {
        while (!condition())
        {
            Assert.False(sending.IsFaulted, sending.Exception?.ToString());
            await Task.Delay(20);
        }
    }
}
