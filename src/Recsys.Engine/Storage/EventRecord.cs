using System.Buffers.Binary;
using System.Text;

namespace Recsys.Engine.Storage;

/// <summary>
/// An event as it stands in the log, read without copying: valid as long as the <see cref="EventBatch"/> it is of.
/// </summary>
public readonly ref struct EventRecord
{
    private readonly ReadOnlySpan<byte> _payload;

    internal EventRecord(long position, ReadOnlySpan<byte> payload)
    {
        Position = position;
        _payload = payload;
    }

    /// <summary>Its position in the log.</summary>
    public long Position { get; }

    /// <summary>What happened.</summary>
    public EventKind Kind => (EventKind)_payload[0];

    /// <summary>The event's id, UTF-8.</summary>
    public ReadOnlySpan<byte> Id => _payload.Slice(EventCodec.FixedBytes, IdLength);

    /// <summary>The user's id, UTF-8.</summary>
    public ReadOnlySpan<byte> User => _payload.Slice(EventCodec.FixedBytes + IdLength, UserLength);

    /// <summary>The item's id, UTF-8; empty for <see cref="EventKind.Forget"/>.</summary>
    public ReadOnlySpan<byte> Item => _payload[(EventCodec.FixedBytes + IdLength + UserLength)..];

    /// <summary>The count, rating or price that goes with it.</summary>
    public float Value => BinaryPrimitives.ReadSingleLittleEndian(_payload[8..]);

    /// <summary>When, UTC.</summary>
    public DateTimeOffset Time => new(BinaryPrimitives.ReadInt64LittleEndian(_payload[12..]) + DateTime.UnixEpoch.Ticks, TimeSpan.Zero);

    private int IdLength => BinaryPrimitives.ReadUInt16LittleEndian(_payload[2..]);

    private int UserLength => BinaryPrimitives.ReadUInt16LittleEndian(_payload[4..]);

    /// <summary>A copy with strings.</summary>
    public InteractionEvent ToEvent() =>
        new(Encoding.UTF8.GetString(Id), Encoding.UTF8.GetString(User), Encoding.UTF8.GetString(Item), Kind, Value, Time);
}
