using Npgsql;
using Recsys.Engine;

namespace Recsys.Silo.Postgres;

/// <summary>The tables in PostgreSQL: the scripts of <c>deploy/postgres</c>.</summary>
internal static class PostgresSchema
{
    /// <summary>The provider's name for Orleans.</summary>
    public const string Invariant = "Npgsql";

    /// <summary>Any number; the same for all who create the tables.</summary>
    private const long CreationLock = 0x7265_6373_7973;

    private static readonly string[] Scripts = ["1-orleans.sql", "2-recsys.sql"];

    /// <summary>Creates the tables where that is asked for, and checks that they are there.</summary>
    /// <exception cref="RecsysException">PostgreSQL cannot be reached, or the tables are missing.</exception>
    public static async Task PrepareAsync(string connectionString, bool create, CancellationToken cancellationToken = default)
    {
        try
        {
            var connection = new NpgsqlConnection(connectionString);
            await using (connection.ConfigureAwait(false))
            {
                await connection.OpenAsync(cancellationToken).ConfigureAwait(false);
                if (create)
                {
                    await CreateAsync(connection, cancellationToken).ConfigureAwait(false);
                }

                var check = new NpgsqlCommand("SELECT to_regclass('orleansquery') IS NOT NULL AND to_regclass('recsys_event') IS NOT NULL", connection);
                await using (check.ConfigureAwait(false))
                {
                    if (await check.ExecuteScalarAsync(cancellationToken).ConfigureAwait(false) is not true)
                    {
                        throw new RecsysException(
                            $"database '{connection.Database}' has no tables of Recsys: start one silo with --create-schema, or run deploy/postgres/*.sql");
                    }
                }
            }
        }
        catch (ArgumentException e)
        {
            // The message may name parts of the connection string, but not the password.
            throw new InvalidOptionException($"--postgres: expected a connection string such as Host=…;Username=…;Password=…;Database=…: {e.Message.ReplaceLineEndings(" ")}");
        }
        catch (NpgsqlException e)
        {
            throw new RecsysException($"PostgreSQL: {e.Message.ReplaceLineEndings(" ")}{(e.InnerException is { } inner ? $": {inner.Message.ReplaceLineEndings(" ")}" : "")}", e);
        }
    }

    /// <summary>Runs the scripts in one transaction; of several silos that start together one does it first.</summary>
    private static async Task CreateAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        var transaction = await connection.BeginTransactionAsync(cancellationToken).ConfigureAwait(false);
        await using (transaction.ConfigureAwait(false))
        {
            foreach (string text in Scripts.Select(Script).Prepend($"SELECT pg_advisory_xact_lock({CreationLock})"))
            {
                var command = new NpgsqlCommand(text, connection, transaction);
                await using (command.ConfigureAwait(false))
                {
                    await command.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
                }
            }

            await transaction.CommitAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    private static string Script(string name)
    {
        using var stream = typeof(PostgresSchema).Assembly.GetManifestResourceStream("postgres/" + name)
            ?? throw new InvalidOperationException(name);
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }
}
