using Microsoft.Win32.SafeHandles;

namespace Recsys.Engine.Storage;

/// <summary>Reads a segment group by group through a buffer and checks every byte of what it hands out.</summary>
internal sealed class EventSegmentReader : IDisposable
{
    private const int BufferBytes = 1 << 20;

    private readonly EventSegment _segment;
    private readonly SafeFileHandle _file;
    private readonly uint _seed;
    private byte[] _buffer = [];
    private long _bufferStart;
    private int _bufferLength;
    private bool _ended;

    public EventSegmentReader(EventSegment segment, ulong? salt = null)
    {
        _segment = segment;
        _file = segment.Open(out ulong own);
        Salt = own;
        if (salt is { } expected && expected != own)
        {
            _file.Dispose();
            throw new EventLogDamagedException(segment.Path, 16, "the segment is of another log");
        }

        _seed = EventSegment.Seed(own);
        Offset = EventSegment.HeaderBytes;
        Position = segment.First;
        Limit = RandomAccess.GetLength(_file);
    }

    /// <summary>What stands where a whole group was expected, and whether an interrupted write may look like that.</summary>
    public readonly record struct Damage(long Offset, string What, bool MayBeTorn);

    public ulong Salt { get; }

    /// <summary>Where the next group is expected: everything before is whole.</summary>
    public long Offset { get; private set; }

    /// <summary>The position after the records read.</summary>
    public long Position { get; private set; }

    /// <summary>Bytes of the file that may be read.</summary>
    public long Limit { get; set; }

    /// <summary>Bytes the file has now.</summary>
    public long FileBytes => RandomAccess.GetLength(_file);

    /// <summary>Whether the group that ends the segment was read.</summary>
    public bool Ended => _ended;

    /// <summary>
    /// Reads the next group. Its records are valid until the next call. Returns false at the limit; where something
    /// else stands than a whole group, says so in <paramref name="damage"/>, and where.
    /// </summary>
    public bool TryRead(out EventSegment.Group group, out ReadOnlySpan<byte> records, List<int> lengths, out Damage? damage)
    {
        damage = null;
        records = default;
        group = default;
        lengths.Clear();
        if (Offset >= Limit)
        {
            return false;
        }

        if (_ended)
        {
            damage = new Damage(Offset, "something follows the end of the segment", MayBeTorn: false);
            return false;
        }

        if (!EventSegment.TryReadGroup(Bytes(Offset, EventSegment.GroupBytes), _seed, out group) || group.Offset != Offset)
        {
            damage = new Damage(Offset, "no group of events starts here", MayBeTorn: true);
            return false;
        }

        if (group.First != Position)
        {
            damage = new Damage(Offset, $"a group starts with position {group.First}, {Position} was expected", MayBeTorn: false);
            return false;
        }

        long start = Offset + EventSegment.GroupBytes;
        records = Bytes(start, group.Bytes);
        int at = 0;
        for (int i = 0; i < group.Count; i++)
        {
            int length = EventCodec.TryRead(records[at..], _seed);
            if (length == 0)
            {
                damage = new Damage(
                    start + at, $"the event at position {Position + i} is not whole or its checksum does not match", MayBeTorn: true);
                return false;
            }

            lengths.Add(length);
            at += length;
        }

        if (at != group.Bytes)
        {
            damage = new Damage(start + at, $"the group has {group.Bytes} bytes, its {group.Count} events take {at}", MayBeTorn: false);
            return false;
        }

        Offset = group.End;
        Position += group.Count;
        _ended = group.EndsSegment;
        return true;
    }

    /// <summary>The same where damage is an error.</summary>
    public bool Read(out EventSegment.Group group, out ReadOnlySpan<byte> records, List<int> lengths)
    {
        bool read = TryRead(out group, out records, lengths, out var damage);
        return damage is { } found ? throw new EventLogDamagedException(_segment.Path, found.Offset, found.What) : read;
    }

    /// <summary>
    /// Whether beyond <see cref="Offset"/> stands the header of a group that was written later, even if it was moved
    /// since: then what stands before was durable, and damage there is no torn tail. (An older one may stand there:
    /// a block of a deleted segment that the file system used again.)
    /// </summary>
    public bool LaterGroupFollows()
    {
        for (long at = Offset + 1; Limit - at >= EventSegment.GroupBytes;)
        {
            var bytes = Bytes(at, (int)Math.Min(BufferBytes, Limit - at));
            int found = EventSegment.FindGroup(bytes);
            if (found < 0)
            {
                at += Math.Max(1, bytes.Length - 3);
                continue;
            }

            at += found;
            if (EventSegment.TryReadGroup(Bytes(at, EventSegment.GroupBytes), _seed, out var group) && group.First >= Position)
            {
                return true;
            }

            at++;
        }

        return false;
    }

    /// <summary>The last 32 bytes as the group that ends the segment.</summary>
    public EventSegment.Group ReadEnd()
    {
        long offset = Limit - EventSegment.GroupBytes;
        if (offset < EventSegment.HeaderBytes
            || !EventSegment.TryReadGroup(Bytes(offset, EventSegment.GroupBytes), _seed, out var group)
            || group.Offset != offset || !group.EndsSegment || group.Count != 0)
        {
            throw new EventLogDamagedException(
                _segment.Path, Math.Max(0, offset), "the segment's end is not there, though another segment follows");
        }

        return group;
    }

    public void Dispose() => _file.Dispose();

    /// <summary>Bytes of the file; fewer than asked for only at the limit.</summary>
    private ReadOnlySpan<byte> Bytes(long offset, int count)
    {
        count = (int)Math.Max(0, Math.Min(count, Limit - offset));
        if (offset < _bufferStart || offset + count > _bufferStart + _bufferLength)
        {
            int wanted = (int)Math.Min(Math.Max(count, BufferBytes), Limit - offset);
            if (_buffer.Length < wanted)
            {
                _buffer = GC.AllocateUninitializedArray<byte>(wanted);
            }

            _bufferStart = offset;
            _bufferLength = 0;
            while (_bufferLength < wanted)
            {
                int n = RandomAccess.Read(_file, _buffer.AsSpan(_bufferLength, wanted - _bufferLength), offset + _bufferLength);
                if (n == 0)
                {
                    break;
                }

                _bufferLength += n;
            }

            count = Math.Min(count, _bufferLength);
        }

        return _buffer.AsSpan((int)(offset - _bufferStart), count);
    }
}
