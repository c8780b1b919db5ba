using System.Security.Cryptography;
using Npgsql;
using NpgsqlTypes;
using Recsys.Engine;
using Recsys.Engine.Storage;

namespace Recsys.Silo.Postgres;

/// <summary>Events that wait to be written by one call of append.</summary>
internal sealed class JournalAppend
{
    private readonly TaskCompletionSource<AppendResult> _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly bool[] _new;
    private long _first;
    private int _accepted;

    public JournalAppend(EventBatch batch)
    {
        Batch = batch;
        Ids = new Guid[batch.Count];
        _new = new bool[batch.Count];
        Span<byte> digest = stackalloc byte[SHA256.HashSizeInBytes];
        for (int i = 0; i < Ids.Length; i++)
        {
            SHA256.HashData(batch[i].Id, digest);
            Ids[i] = new Guid(digest[..16], bigEndian: true);
        }
    }

    public EventBatch Batch { get; }

    /// <summary>Hash of each event's id: the first 128 bits of its SHA-256.</summary>
    public Guid[] Ids { get; }

    public Task<AppendResult> Completion => _completion.Task;

    /// <summary>Gives positions to the events whose ids are not known; returns the next position.</summary>
    public long Place(long first, HashSet<Guid> known)
    {
        _first = first;
        _accepted = 0;
        for (int i = 0; i < Ids.Length; i++)
        {
            _new[i] = known.Add(Ids[i]);
            _accepted += _new[i] ? 1 : 0;
        }

        return first + _accepted;
    }

    /// <summary>Writes the new events as rows.</summary>
    public void Write(NpgsqlBinaryImporter writer, int journal)
    {
        long position = _first;
        for (int i = 0; i < Ids.Length; i++)
        {
            if (!_new[i])
            {
                continue;
            }

            var e = Batch[i];
            writer.StartRow();
            writer.Write(journal, NpgsqlDbType.Integer);
            writer.Write(position++, NpgsqlDbType.Bigint);
            writer.Write(Ids[i], NpgsqlDbType.Uuid);
            writer.Write((short)e.Kind, NpgsqlDbType.Smallint);
            writer.Write(e.Value, NpgsqlDbType.Real);
            writer.Write(e.Time.UtcTicks - DateTime.UnixEpoch.Ticks, NpgsqlDbType.Bigint);
            writer.Write(e.Id.ToArray(), NpgsqlDbType.Bytea);
            writer.Write(e.User.ToArray(), NpgsqlDbType.Bytea);
            writer.Write(e.Item.ToArray(), NpgsqlDbType.Bytea);
        }
    }

    public void Succeed() => _completion.TrySetResult(new AppendResult(_first, _accepted, Ids.Length - _accepted));

    public void Fail(RecsysException error) => _completion.TrySetException(
        error is JournalTakenException ? error : new RecsysException(error.Message, error));
}
