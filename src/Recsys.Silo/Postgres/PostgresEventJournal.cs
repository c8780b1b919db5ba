using System.Runtime.CompilerServices;
using System.Text;
using System.Threading.Channels;
using Npgsql;
using Recsys.Engine;
using Recsys.Engine.Storage;

namespace Recsys.Silo.Postgres;

/// <summary>
/// An event journal in PostgreSQL. Appends that wait at the same time share one transaction: it takes the journal's row
/// (only with the epoch this writer opened it with), leaves out known ids, sends the rest by binary COPY, and commits.
/// </summary>
internal sealed class PostgresEventJournal : IEventJournal
{
    private const int ReadEvents = 4096;
    private const int GroupEvents = 16384;

    private readonly NpgsqlDataSource _database;
    private readonly string _name;
    private readonly int _journal;
    private readonly long _epoch;
    private readonly int _dedupEvents;
    private readonly JournalEnd _end;
    private readonly Channel<JournalAppend> _queue = Channel.CreateBounded<JournalAppend>(
        new BoundedChannelOptions(1024) { SingleReader = true });

    private readonly Task _writer;
    private long _start;
    private volatile RecsysException? _failure;

    public PostgresEventJournal(NpgsqlDataSource database, string name, int journal, long epoch, long start, long end, int dedupEvents)
    {
        _database = database;
        _name = name;
        _journal = journal;
        _epoch = epoch;
        _start = start;
        _dedupEvents = dedupEvents;
        _end = new JournalEnd(end);
        _writer = Task.Run(WriteAsync);
    }

    /// <inheritdoc/>
    public long Start => Volatile.Read(ref _start);

    /// <inheritdoc/>
    public long End => _end.Position;

    /// <inheritdoc/>
    public async ValueTask<AppendResult> AppendAsync(ReadOnlyMemory<InteractionEvent> events, CancellationToken cancellationToken = default)
    {
        ThrowIfFailed();
        if (events.IsEmpty)
        {
            return new AppendResult(End, 0, 0);
        }

        var append = new JournalAppend(EventBatch.Of(0, events.Span)); // refuses what no journal takes
        try
        {
            await _queue.Writer.WriteAsync(append, cancellationToken).ConfigureAwait(false);
        }
        catch (ChannelClosedException)
        {
            ThrowIfFailed();
            throw new ObjectDisposedException(nameof(PostgresEventJournal));
        }

        return await append.Completion.WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<EventBatch> ReadAsync(long from, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        Check(from);
        long end = End;
        while (from < end)
        {
            var batch = await NextAsync(from, end, cancellationToken).ConfigureAwait(false);
            yield return batch;
            from = batch.End;
        }
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<EventBatch> FollowAsync(long from, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        Check(from);
        while (await _end.WaitBeyondAsync(from, cancellationToken).ConfigureAwait(false))
        {
            var batch = await NextAsync(from, End, cancellationToken).ConfigureAwait(false);
            yield return batch;
            from = batch.End;
        }
    }

    /// <inheritdoc/>
    public async ValueTask DeleteBelowAsync(long position, CancellationToken cancellationToken = default)
    {
        position = Math.Min(position, End - _dedupEvents);
        if (position <= Start)
        {
            return;
        }

        try
        {
            var command = _database.CreateCommand(
                """
                WITH moved AS (UPDATE recsys_journal SET first = $2 WHERE journal = $1 AND epoch = $3 AND first < $2 RETURNING journal)
                DELETE FROM recsys_event e USING moved WHERE e.journal = moved.journal AND e.position < $2
                """);
            await using (command.ConfigureAwait(false))
            {
                command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = _journal });
                command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = position });
                command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = _epoch });
                await command.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
                Volatile.Write(ref _start, position);
            }
        }
        catch (NpgsqlException e)
        {
            throw PostgresErrors.Explain($"journal '{_name}'", e);
        }
    }

    /// <summary>Writes what was appended, then closes.</summary>
    public async ValueTask DisposeAsync()
    {
        _queue.Writer.TryComplete();
        await _writer.ConfigureAwait(false);
        _end.Close();
    }

    private async Task WriteAsync()
    {
        var group = new List<JournalAppend>();
        while (await _queue.Reader.WaitToReadAsync().ConfigureAwait(false))
        {
            group.Clear();
            int events = 0;
            while (events < GroupEvents && _queue.Reader.TryRead(out var append))
            {
                group.Add(append);
                events += append.Batch.Count;
            }

            try
            {
                ThrowIfFailed();
                await WriteAsync(group).ConfigureAwait(false);
            }
            catch (Exception e)
            {
                var error = e as RecsysException
                    ?? (e is NpgsqlException p ? PostgresErrors.Explain($"journal '{_name}'", p) : new RecsysException($"journal '{_name}': {e.Message}", e));
                if (error is JournalTakenException)
                {
                    _failure = error;
                    _end.Close();
                }

                group.ForEach(a => a.Fail(error));
            }
        }
    }

    private async Task WriteAsync(List<JournalAppend> group)
    {
        var connection = await _database.OpenConnectionAsync().ConfigureAwait(false);
        await using (connection.ConfigureAwait(false))
        {
            var transaction = await connection.BeginTransactionAsync().ConfigureAwait(false);
            await using (transaction.ConfigureAwait(false))
            {
                var known = await TakeAsync(connection, group).ConfigureAwait(false);
                long first = known.Next;
                long next = first;
                foreach (var append in group)
                {
                    next = append.Place(next, known.Ids);
                }

                if (next > first)
                {
                    await CopyAsync(connection, group).ConfigureAwait(false);
                    await AdvanceAsync(connection, next).ConfigureAwait(false);
                }

                try
                {
                    await transaction.CommitAsync().ConfigureAwait(false);
                }
                catch (Exception e)
                {
                    // Whether it was committed is not known: only opening anew finds out.
                    _failure = new RecsysException($"journal '{_name}': whether the last events are durable is not known; open it again: {e.Message.ReplaceLineEndings(" ")}", e);
                    _end.Close();
                    throw _failure;
                }

                _end.Advance(next);
                group.ForEach(a => a.Succeed());
            }
        }
    }

    /// <summary>Takes the journal's row until the end of the transaction, and finds which ids it holds already.</summary>
    private async Task<(long Next, HashSet<Guid> Ids)> TakeAsync(NpgsqlConnection connection, List<JournalAppend> group)
    {
        Guid[] ids = [.. group.SelectMany(a => a.Ids)];
        var batch = new NpgsqlBatch(connection);
        await using (batch.ConfigureAwait(false))
        {
            var take = new NpgsqlBatchCommand("SELECT next FROM recsys_journal WHERE journal = $1 AND epoch = $2 FOR UPDATE");
            take.Parameters.Add(new NpgsqlParameter<int> { TypedValue = _journal });
            take.Parameters.Add(new NpgsqlParameter<long> { TypedValue = _epoch });
            var find = new NpgsqlBatchCommand("SELECT id_hash FROM recsys_event WHERE journal = $1 AND id_hash = ANY($2)");
            find.Parameters.Add(new NpgsqlParameter<int> { TypedValue = _journal });
            find.Parameters.Add(new NpgsqlParameter<Guid[]> { TypedValue = ids });
            batch.BatchCommands.Add(take);
            batch.BatchCommands.Add(find);
            var reader = await batch.ExecuteReaderAsync().ConfigureAwait(false);
            await using (reader.ConfigureAwait(false))
            {
                if (!await reader.ReadAsync().ConfigureAwait(false))
                {
                    throw new JournalTakenException(_name);
                }

                long next = reader.GetInt64(0);
                await reader.NextResultAsync().ConfigureAwait(false);
                var known = new HashSet<Guid>();
                while (await reader.ReadAsync().ConfigureAwait(false))
                {
                    known.Add(reader.GetGuid(0));
                }

                return (next, known);
            }
        }
    }

    private async Task CopyAsync(NpgsqlConnection connection, List<JournalAppend> group)
    {
        var writer = await connection.BeginBinaryImportAsync(
            "COPY recsys_event (journal, position, id_hash, kind, value, time, id, user_id, item_id) FROM STDIN (FORMAT BINARY)").ConfigureAwait(false);
        await using (writer.ConfigureAwait(false))
        {
            foreach (var append in group)
            {
                append.Write(writer, _journal);
            }

            await writer.CompleteAsync().ConfigureAwait(false);
        }
    }

    private async Task AdvanceAsync(NpgsqlConnection connection, long next)
    {
        var command = new NpgsqlCommand("UPDATE recsys_journal SET next = $2 WHERE journal = $1", connection);
        await using (command.ConfigureAwait(false))
        {
            command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = _journal });
            command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = next });
            await command.ExecuteNonQueryAsync().ConfigureAwait(false);
        }
    }

    private async Task<EventBatch> NextAsync(long from, long end, CancellationToken cancellationToken)
    {
        end = Math.Min(end, from + ReadEvents);
        var events = new List<InteractionEvent>((int)(end - from));
        try
        {
            var command = _database.CreateCommand(
                """
                SELECT kind, value, time, id, user_id, item_id FROM recsys_event
                WHERE journal = $1 AND position >= $2 AND position < $3 ORDER BY position
                """);
            await using (command.ConfigureAwait(false))
            {
                command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = _journal });
                command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = from });
                command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = end });
                var reader = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
                await using (reader.ConfigureAwait(false))
                {
                    while (await reader.ReadAsync(cancellationToken).ConfigureAwait(false))
                    {
                        events.Add(new InteractionEvent(
                            Text(reader, 3), Text(reader, 4), Text(reader, 5), (EventKind)reader.GetInt16(0), reader.GetFloat(1),
                            new DateTimeOffset(reader.GetInt64(2) + DateTime.UnixEpoch.Ticks, TimeSpan.Zero)));
                    }
                }
            }
        }
        catch (NpgsqlException e)
        {
            throw PostgresErrors.Explain($"journal '{_name}'", e);
        }

        return events.Count == end - from
            ? EventBatch.Of(from, System.Runtime.InteropServices.CollectionsMarshal.AsSpan(events))
            : throw new RecsysException($"journal '{_name}': position {from} was deleted; it starts at {Start}");
    }

    private static string Text(NpgsqlDataReader reader, int column) => Encoding.UTF8.GetString(reader.GetFieldValue<byte[]>(column));

    private void Check(long position)
    {
        if (position < Start || position > End)
        {
            throw new RecsysException(position < Start
                ? $"journal '{_name}': position {position} was deleted; it starts at {Start}"
                : $"journal '{_name}': position {position} lies beyond the end, {End}");
        }
    }

    private void ThrowIfFailed()
    {
        if (_failure is { } failure)
        {
            throw failure is JournalTakenException ? new JournalTakenException(_name) : new RecsysException(failure.Message, failure);
        }
    }
}
