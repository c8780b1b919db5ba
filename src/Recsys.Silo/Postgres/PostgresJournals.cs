using Npgsql;
using Recsys.Engine;
using Recsys.Engine.Storage;

namespace Recsys.Silo.Postgres;

/// <summary>Event journals as rows of PostgreSQL.</summary>
/// <param name="database">The database; its tables are there.</param>
/// <param name="dedupEvents">Of how many last events the ids are kept when earlier ones are given up.</param>
internal sealed class PostgresJournals(NpgsqlDataSource database, int dedupEvents = 1_000_000) : IEventJournals
{
    /// <inheritdoc/>
    public async ValueTask<IEventJournal> OpenAsync(string name, CancellationToken cancellationToken = default)
    {
        BlobKey.CheckName(name, "journal");
        try
        {
            // Waits for the append under way of the writer before, if there is one, and shuts it out from then on.
            var command = database.CreateCommand(
                """
                INSERT INTO recsys_journal AS j (name) VALUES ($1)
                ON CONFLICT (name) DO UPDATE SET epoch = j.epoch + 1
                RETURNING journal, epoch, first, next
                """);
            await using (command.ConfigureAwait(false))
            {
                command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = name });
                var reader = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
                await using (reader.ConfigureAwait(false))
                {
                    await reader.ReadAsync(cancellationToken).ConfigureAwait(false);
                    return new PostgresEventJournal(
                        database, name, reader.GetInt32(0), reader.GetInt64(1), reader.GetInt64(2), reader.GetInt64(3), dedupEvents);
                }
            }
        }
        catch (NpgsqlException e)
        {
            throw PostgresErrors.Explain($"journal '{name}'", e);
        }
    }
}
