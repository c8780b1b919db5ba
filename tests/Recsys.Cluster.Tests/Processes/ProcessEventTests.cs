using System.Collections.Concurrent;
using Npgsql;
using Recsys.Client;
using Recsys.Cluster.Tests.Postgres;
using Recsys.Engine.Serving;

namespace Recsys.Cluster.Tests.Processes;

/// <summary>Events into silos that are killed.</summary>
[Trait("Category", "Long")]
public sealed class ProcessEventTests : SiloProcessTests
{
    private const int Senders = 8;
    private const int Batches = 40;
    private const int BatchEvents = 25;

    [PostgresFact]
    public async Task Of_clicks_sent_while_silos_are_killed_and_restarted_every_acknowledged_one_counts_exactly_once()
    {
        await StartAsync(2);
        await using var client = await RecsysClient.ConnectAsync(new RecsysClientOptions { Cluster = Cluster, Postgres = Connection, CallPatience = TimeSpan.FromMinutes(1) });
        var acknowledged = new ConcurrentDictionary<string, (string User, string Item)>();
        var sending = Task.WhenAll(Enumerable.Range(0, Senders).Select(s => Task.Run(() => SendAsync(client, s, acknowledged))));

        await UntilAsync(() => acknowledged.Count > 1000, sending);
        Silos[0].Kill();
        await StartAsync(1);
        await UntilAsync(() => acknowledged.Count > 4000, sending);
        Silos[1].Kill();
        await StartAsync(1);
        await sending.WaitAsync(TimeSpan.FromMinutes(2));

        Assert.Equal(Senders * Batches * BatchEvents, acknowledged.Count);
        await using var database = NpgsqlDataSource.Create(Connection);
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
