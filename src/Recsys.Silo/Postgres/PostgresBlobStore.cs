using Npgsql;
using NpgsqlTypes;
using Recsys.Engine;
using Recsys.Engine.Storage;

namespace Recsys.Silo.Postgres;

/// <summary>
/// Blobs as rows of PostgreSQL. A blob travels as one binary parameter or result, which costs what a binary COPY of one
/// row costs, and unlike that leaves the first writer's bytes in one statement.
/// </summary>
internal sealed class PostgresBlobStore(NpgsqlDataSource database) : IBlobStore
{
    private const string Insert = "INSERT INTO recsys_blob (key, bytes) VALUES ($1, $2) ON CONFLICT (key) DO ";

    /// <inheritdoc/>
    public async ValueTask<bool> PutAsync(
        string key, ReadOnlyMemory<byte> bytes, bool replace = false, CancellationToken cancellationToken = default)
    {
        BlobKey.Check(key, bytes.Length);
        try
        {
            var command = database.CreateCommand(
                Insert + (replace ? "UPDATE SET bytes = excluded.bytes, written = now()" : "NOTHING"));
            await using (command.ConfigureAwait(false))
            {
                command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = key });
                command.Parameters.Add(new NpgsqlParameter<ReadOnlyMemory<byte>> { TypedValue = bytes, NpgsqlDbType = NpgsqlDbType.Bytea });
                return await command.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false) == 1;
            }
        }
        catch (NpgsqlException e)
        {
            throw PostgresErrors.Explain($"blob '{key}'", e);
        }
    }

    /// <inheritdoc/>
    public async ValueTask<byte[]?> GetAsync(string key, CancellationToken cancellationToken = default)
    {
        BlobKey.Check(key);
        try
        {
            var command = database.CreateCommand("SELECT bytes FROM recsys_blob WHERE key = $1");
            await using (command.ConfigureAwait(false))
            {
                command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = key });
                return (byte[]?)await command.ExecuteScalarAsync(cancellationToken).ConfigureAwait(false);
            }
        }
        catch (NpgsqlException e)
        {
            throw PostgresErrors.Explain($"blob '{key}'", e);
        }
    }

    /// <inheritdoc/>
    public async ValueTask<IReadOnlyList<byte[]?>> GetAllAsync(IReadOnlyList<string> keys, CancellationToken cancellationToken = default)
    {
        foreach (string key in keys)
        {
            BlobKey.Check(key);
        }

        try
        {
            var found = new Dictionary<string, byte[]>();
            var command = database.CreateCommand("SELECT key, bytes FROM recsys_blob WHERE key = ANY($1)");
            await using (command.ConfigureAwait(false))
            {
                command.Parameters.Add(new NpgsqlParameter<string[]> { TypedValue = [.. keys] });
                var reader = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
                await using (reader.ConfigureAwait(false))
                {
                    while (await reader.ReadAsync(cancellationToken).ConfigureAwait(false))
                    {
                        found.Add(reader.GetString(0), reader.GetFieldValue<byte[]>(1));
                    }
                }
            }

            return [.. keys.Select(found.GetValueOrDefault)];
        }
        catch (NpgsqlException e)
        {
            throw PostgresErrors.Explain($"blobs '{keys[0]}' to '{keys[^1]}'", e);
        }
    }

    /// <inheritdoc/>
    public async ValueTask<IReadOnlyList<string>> ListAsync(string prefix, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(prefix);
        try
        {
            var keys = new List<string>();
            var command = database.CreateCommand(
                prefix.Length == 0 ? "SELECT key FROM recsys_blob ORDER BY key" : "SELECT key FROM recsys_blob WHERE key >= $1 AND key < $2 ORDER BY key");
            await using (command.ConfigureAwait(false))
            {
                AddRange(command, prefix);
                var reader = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
                await using (reader.ConfigureAwait(false))
                {
                    while (await reader.ReadAsync(cancellationToken).ConfigureAwait(false))
                    {
                        keys.Add(reader.GetString(0));
                    }
                }
            }

            return keys;
        }
        catch (NpgsqlException e)
        {
            throw PostgresErrors.Explain("blobs", e);
        }
    }

    /// <inheritdoc/>
    public async ValueTask DeleteAsync(string prefix, CancellationToken cancellationToken = default)
    {
        if (string.IsNullOrEmpty(prefix))
        {
            throw new RecsysException("blobs are deleted by a prefix that is not empty");
        }

        try
        {
            var command = database.CreateCommand("DELETE FROM recsys_blob WHERE key >= $1 AND key < $2");
            await using (command.ConfigureAwait(false))
            {
                AddRange(command, prefix);
                await command.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
            }
        }
        catch (NpgsqlException e)
        {
            throw PostgresErrors.Explain("blobs", e);
        }
    }

    /// <summary>The keys that start with a prefix are those from it to it with its last character raised: keys are ASCII, compared by bytes.</summary>
    private static void AddRange(NpgsqlCommand command, string prefix)
    {
        if (prefix.Length > 0)
        {
            command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = prefix });
            command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = prefix[..^1] + (char)(prefix[^1] + 1) });
        }
    }
}
