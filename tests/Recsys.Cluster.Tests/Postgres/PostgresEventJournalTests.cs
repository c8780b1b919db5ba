using Npgsql;
using Recsys.Engine;
using Recsys.Engine.Storage;
using Recsys.Engine.Tests.Storage;
using Recsys.Silo.Postgres;

namespace Recsys.Cluster.Tests.Postgres;

[Collection(PostgresCollection.Name)]
[Trait("Category", "Long")]
public sealed class PostgresEventJournalTests : TakenJournalContract, IAsyncLifetime
{
    private NpgsqlDataSource? _database;

    protected override IEventJournals Journals => new PostgresJournals(_database!);

    public async Task InitializeAsync() => _database = await PostgresServer.OpenDatabaseAsync();

    public async Task DisposeAsync() => await (_database?.DisposeAsync() ?? default);

    [PostgresFact]
    public async Task Events_below_a_snapshot_are_given_up_but_for_the_ids_that_recognise_duplicates()
    {
        var journals = new PostgresJournals(_database!, dedupEvents: 100);
        var events = Make(0, 500);
        await using var journal = await journals.OpenAsync("one");
        await journal.AppendAsync(events);
        await journal.DeleteBelowAsync(450);
        Assert.Equal((400, 500), (journal.Start, journal.End));
        Assert.Equal(new AppendResult(500, 0, 100), await journal.AppendAsync(events.AsMemory(400)));
        await Assert.ThrowsAsync<RecsysException>(() => AllAsync(journal, 399));
        Assert.Equal(events[400..], await AllAsync(journal, 400));
    }

    [PostgresFact]
    public async Task A_broken_connection_fails_the_append_and_a_repetition_appends_once()
    {
        await using var journal = await Journals.OpenAsync("one");
        var events = Make(0, 100);
        await journal.AppendAsync(events.AsMemory(0, 50));
        await using (var command = _database!.CreateCommand(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"))
        {
            await command.ExecuteNonQueryAsync();
        }

        IEventJournal now = journal;
        for (int attempt = 0; attempt < 20 && now.End < 100; attempt++)
        {
            try
            {
                await now.AppendAsync(events);
            }
            catch (RecsysException)
            {
                now = await Journals.OpenAsync("one");
            }
        }

        Assert.Equal(events, await AllAsync(now, 0));
        await now.DisposeAsync();
    }
}
