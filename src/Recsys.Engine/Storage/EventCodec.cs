using System.Buffers;
using System.Buffers.Binary;
using System.Text.Unicode;

namespace Recsys.Engine.Storage;

/// <summary>
/// The record of one event: length of the payload (u32), its CRC-32C (u32), payload. Payload, little-endian: kind u8,
/// zero u8, lengths of id, user and item u16 each, value f32, time i64 (100 ns since 1970), then the three texts.
/// </summary>
internal static class EventCodec
{
    public const int HeaderBytes = 8;
    public const int FixedBytes = 20;
    public const int MaxPayload = FixedBytes + (3 * ushort.MaxValue);

    /// <summary>Most bytes that a record of <paramref name="e"/> can take.</summary>
    public static int MaxBytes(in InteractionEvent e) =>
        HeaderBytes + FixedBytes + (3 * ((e.Id?.Length ?? 0) + (e.User?.Length ?? 0) + (e.Item?.Length ?? 0)));

    /// <summary>Writes the record of an event; returns its length.</summary>
    /// <exception cref="RecsysException">The event cannot stand in a log.</exception>
    public static int Write(in InteractionEvent e, Span<byte> to, uint crcSeed, out ReadOnlySpan<byte> id)
    {
        if (e.Kind == EventKind.None || !float.IsFinite(e.Value))
        {
            throw Invalid(e, e.Kind == EventKind.None ? "it has no kind" : $"its value is {e.Value}");
        }

        var payload = to[HeaderBytes..];
        int at = FixedBytes;
        int idLength = Text(e, "id", e.Id, payload, ref at);
        int userLength = Text(e, "user", e.User, payload, ref at);
        int itemLength = Text(e, "item", e.Item, payload, ref at);
        if (idLength == 0 || userLength == 0 || (itemLength == 0) != (e.Kind == EventKind.Forget))
        {
            throw Invalid(e, idLength == 0 ? "its id is empty"
                : userLength == 0 ? "its user is empty"
                : itemLength == 0 ? "its item is empty" : "a forget event has no item");
        }

        payload[0] = (byte)e.Kind;
        payload[1] = 0;
        BinaryPrimitives.WriteUInt16LittleEndian(payload[2..], (ushort)idLength);
        BinaryPrimitives.WriteUInt16LittleEndian(payload[4..], (ushort)userLength);
        BinaryPrimitives.WriteUInt16LittleEndian(payload[6..], (ushort)itemLength);
        BinaryPrimitives.WriteSingleLittleEndian(payload[8..], e.Value);
        BinaryPrimitives.WriteInt64LittleEndian(payload[12..], e.Time.UtcTicks - DateTime.UnixEpoch.Ticks);
        BinaryPrimitives.WriteInt32LittleEndian(to, at);
        BinaryPrimitives.WriteUInt32LittleEndian(to[4..], Checksum(crcSeed, to, at));
        id = payload.Slice(FixedBytes, idLength);
        return HeaderBytes + at;
    }

    /// <summary>The length of the record that <paramref name="from"/> starts with; 0 where none stands there whole.</summary>
    public static int TryRead(ReadOnlySpan<byte> from, uint crcSeed)
    {
        if (from.Length < HeaderBytes + FixedBytes)
        {
            return 0;
        }

        int length = BinaryPrimitives.ReadInt32LittleEndian(from);
        if (length is < FixedBytes or > MaxPayload || length > from.Length - HeaderBytes
            || BinaryPrimitives.ReadUInt32LittleEndian(from[4..]) != Checksum(crcSeed, from, length))
        {
            return 0;
        }

        var payload = from.Slice(HeaderBytes, length);
        int texts = BinaryPrimitives.ReadUInt16LittleEndian(payload[2..])
            + BinaryPrimitives.ReadUInt16LittleEndian(payload[4..]) + BinaryPrimitives.ReadUInt16LittleEndian(payload[6..]);
        return length == FixedBytes + texts && payload[1] == 0 ? HeaderBytes + length : 0;
    }

    /// <summary>The id in a record known to be whole.</summary>
    public static ReadOnlySpan<byte> Id(ReadOnlySpan<byte> record) =>
        record.Slice(HeaderBytes + FixedBytes, BinaryPrimitives.ReadUInt16LittleEndian(record[(HeaderBytes + 2)..]));

    /// <summary>The length, with its header, of a record known to be whole.</summary>
    public static int Length(ReadOnlySpan<byte> record) => HeaderBytes + BinaryPrimitives.ReadInt32LittleEndian(record);

    private static uint Checksum(uint seed, ReadOnlySpan<byte> record, int length) =>
        Crc32C.Append(Crc32C.Append(seed, record[..4]), record.Slice(HeaderBytes, length));

    private static int Text(in InteractionEvent e, string what, string? text, Span<byte> payload, ref int at)
    {
        int room = Math.Min(payload.Length - at, ushort.MaxValue);
        var status = Utf8.FromUtf16(text, payload.Slice(at, room), out _, out int written, replaceInvalidSequences: false);
        if (status != OperationStatus.Done)
        {
            throw Invalid(e, status == OperationStatus.InvalidData
                ? $"its {what} is not valid Unicode"
                : $"its {what} is longer than {ushort.MaxValue} bytes");
        }

        at += written;
        return written;
    }

    private static RecsysException Invalid(in InteractionEvent e, string what) =>
        new($"event '{(e.Id is { Length: > 80 } id ? id[..80] + "…" : e.Id)}': {what}");
}
