namespace Recsys.Engine.Storage;

/// <summary>Reads a log from a position on, as far as it is durable.</summary>
internal sealed class EventLogCursor(EventLogFiles files, long next) : IDisposable
{
    private readonly List<int> _lengths = [];
    private EventSegment? _segment;
    private EventSegmentReader? _reader;

    /// <summary>The position of the next event to be read.</summary>
    public long Next { get; private set; } = next;

    /// <summary>The next events, about <paramref name="count"/> of them, or null where the durable end is reached.</summary>
    public EventBatch? Read(int count)
    {
        long first = Next;
        var records = new MemoryStream();
        var offsets = new List<int>();
        while (offsets.Count < count && Next < files.End.Position)
        {
            var reader = _reader ??= Open();
            var end = files.End;
            reader.Limit = end.Segment.First == _segment!.First ? end.Offset : reader.FileBytes;
            if (reader.Read(out var group, out var bytes, _lengths))
            {
                Take(group, bytes, records, offsets);
            }
            else if (reader.Ended)
            {
                reader.Dispose();
                _reader = null;
            }
            else if (end.Segment.First == files.End.Segment.First)
            {
                throw new EventLogDamagedException(_segment.Path, reader.Offset, "the segment ends before its last event");
            }
        }

        return offsets.Count == 0 ? null : new EventBatch(first, records.GetBuffer(), [.. offsets]);
    }

    public void Dispose() => _reader?.Dispose();

    private EventSegmentReader Open()
    {
        _segment = files.Find(Next);
        try
        {
            return new EventSegmentReader(_segment, files.Salt);
        }
        catch (FileNotFoundException)
        {
            _ = files.Find(Next); // deleted meanwhile: says so
            throw new EventLogDamagedException(_segment.Path, 0, "the segment is missing");
        }
    }

    private void Take(in EventSegment.Group group, ReadOnlySpan<byte> bytes, MemoryStream records, List<int> offsets)
    {
        int at = 0;
        for (int i = 0; i < _lengths.Count; i++)
        {
            if (group.First + i >= Next)
            {
                offsets.Add((int)records.Length + at);
            }
            else
            {
                bytes = bytes[_lengths[i]..];
                continue;
            }

            at += _lengths[i];
        }

        records.Write(bytes[..at]);
        Next = Math.Max(Next, group.First + group.Count);
    }
}
