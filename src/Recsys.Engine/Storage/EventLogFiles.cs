using System.Security.Cryptography;
using Microsoft.Win32.SafeHandles;

namespace Recsys.Engine.Storage;

/// <summary>
/// The segments of a log: checked and repaired on opening, appended to by one thread, rotated, deleted. Readers on
/// other threads go by <see cref="End"/>, beyond which nothing is durable.
/// </summary>
internal sealed class EventLogFiles : IDisposable
{
    private readonly string _directory;
    private readonly EventLogOptions _options;
    private readonly Lock _gate = new();
    private readonly List<EventSegment> _segments;
    private SafeFileHandle _active;
    private volatile LogEnd _end;
    private bool _clean;

    /// <exception cref="EventLogDamagedException">A segment is damaged or missing, not as a crash would leave it.</exception>
    public EventLogFiles(string directory, EventLogOptions options)
    {
        _directory = directory;
        _options = options;
        foreach (string unfinished in Directory.GetFiles(directory, "*" + EventSegment.Extension + ".new"))
        {
            File.Delete(unfinished);
        }

        _segments = EventSegment.List(directory);
        if (_segments.Count == 0)
        {
            var first = EventSegment.In(directory, 0);
            first.Create(BitConverter.ToUInt64(RandomNumberGenerator.GetBytes(8)), options.Flush);
            _segments.Add(first);
        }

        Salt = CheckChain();
        Seed = EventSegment.Seed(Salt);
        var last = _segments[^1];
        (_end, long torn, bool ended, _clean) = RecoverLast(last);
        _active = OpenForWriting(last);
        try
        {
            if (!_clean || ended)
            {
                // What was read may not have reached the disk yet, where only the process crashed.
                RandomAccess.SetLength(_active, _end.Offset);
                options.Flush(_active);
            }

            if (ended)
            {
                BeginSegment();
            }
        }
        catch
        {
            _active.Dispose();
            throw;
        }

        Recovery = new EventLogRecovery(Start, _end.Position, _segments.Count, torn);
    }

    /// <summary>The durable end: position after the last event, and where in which segment that is.</summary>
    public sealed record LogEnd(long Position, EventSegment Segment, long Offset);

    public EventLogRecovery Recovery { get; }

    public ulong Salt { get; }

    public uint Seed { get; }

    public LogEnd End => _end;

    public long Start
    {
        get
        {
            lock (_gate)
            {
                return _segments[0].First;
            }
        }
    }

    /// <summary>The segment that holds a position.</summary>
    public EventSegment Find(long position)
    {
        lock (_gate)
        {
            int i = _segments.FindLastIndex(s => s.First <= position);
            return i >= 0
                ? _segments[i]
                : throw new RecsysException($"{_directory}: position {position} was deleted; the log starts at {_segments[0].First}");
        }
    }

    /// <summary>
    /// Writes one group, <see cref="EventSegment.GroupBytes"/> free at its start for the header, and makes it durable.
    /// </summary>
    public void Append(Span<byte> group, int count)
    {
        var end = _end;
        Write(group, new EventSegment.Group(end.Offset, end.Position, group.Length - EventSegment.GroupBytes, count, EndsSegment: false));
        _clean = false;
        if (_end.Offset >= _options.SegmentBytes)
        {
            Write(stackalloc byte[EventSegment.GroupBytes], new EventSegment.Group(_end.Offset, _end.Position, 0, 0, EndsSegment: true));
            BeginSegment();
        }
    }

    /// <summary>Leaves a proof that all is durable: damage found later at the end was then not a crash's.</summary>
    public void MarkClean()
    {
        if (!_clean)
        {
            Write(stackalloc byte[EventSegment.GroupBytes], new EventSegment.Group(_end.Offset, _end.Position, 0, 0, EndsSegment: false));
            _clean = true;
        }
    }

    /// <summary>Deletes the segments that lie wholly below a position, oldest first; returns how many.</summary>
    public int DeleteBelow(long position)
    {
        lock (_gate)
        {
            int deleted = 0;
            while (_segments.Count > 1 && _segments[1].First <= position)
            {
                File.Delete(_segments[0].Path);
                _segments.RemoveAt(0);
                deleted++;
            }

            if (deleted > 0)
            {
                DurableFiles.FlushDirectory(_directory);
            }

            return deleted;
        }
    }

    public void Dispose() => _active.Dispose();

    private static SafeFileHandle OpenForWriting(EventSegment segment) =>
        File.OpenHandle(segment.Path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete);

    private void Write(Span<byte> bytes, in EventSegment.Group group)
    {
        EventSegment.WriteGroup(bytes, Seed, group);
        RandomAccess.Write(_active, bytes, group.Offset);
        _options.Flush(_active);
        _end = new LogEnd(group.First + group.Count, _end.Segment, group.End);
    }

    private void BeginSegment()
    {
        var next = EventSegment.In(_directory, _end.Position);
        next.Create(Salt, _options.Flush);
        var handle = OpenForWriting(next);
        _active.Dispose();
        _active = handle;
        _clean = true;
        lock (_gate)
        {
            _segments.Add(next);
        }

        _end = new LogEnd(_end.Position, next, EventSegment.HeaderBytes);
    }

    /// <summary>Every segment but the last ends properly where the next begins, and all are of one log. Returns its salt.</summary>
    private ulong CheckChain()
    {
        ulong? salt = null;
        for (int i = 0; i + 1 < _segments.Count; i++)
        {
            using var reader = new EventSegmentReader(_segments[i], salt);
            salt = reader.Salt;
            var end = reader.ReadEnd();
            if (end.First != _segments[i + 1].First)
            {
                throw new EventLogDamagedException(
                    _segments[i].Path, end.Offset, $"ends at position {end.First}, the next segment starts at {_segments[i + 1].First}");
            }
        }

        using var last = new EventSegmentReader(_segments[^1], salt);
        return last.Salt;
    }

    private static (LogEnd End, long Torn, bool Ended, bool Clean) RecoverLast(EventSegment last)
    {
        using var reader = new EventSegmentReader(last);
        var lengths = new List<int>();
        EventSegmentReader.Damage? damage;
        bool marked = true; // a segment is created flushed
        while (reader.TryRead(out var group, out _, lengths, out damage))
        {
            marked = group.Count == 0;
        }

        if (damage is { } found && (!found.MayBeTorn || reader.LaterGroupFollows()))
        {
            throw new EventLogDamagedException(last.Path, found.Offset, found.What);
        }

        long torn = reader.Limit - reader.Offset;
        return (new LogEnd(reader.Position, last, reader.Offset), torn, reader.Ended, marked && torn == 0);
    }
}
