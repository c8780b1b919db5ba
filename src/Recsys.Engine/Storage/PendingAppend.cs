using System.Buffers;

namespace Recsys.Engine.Storage;

/// <summary>Events encoded by their appender's thread, waiting to be written.</summary>
internal sealed class PendingAppend
{
    private const int MaxBytes = 1 << 28;

    private readonly TaskCompletionSource<AppendResult> _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private byte[] _records;
    private UInt128[]? _keys;

    /// <exception cref="RecsysException">An event cannot stand in a log: none of them is written.</exception>
    public PendingAppend(ReadOnlySpan<InteractionEvent> events, uint seed, DedupWindow? window)
    {
        long most = 0;
        foreach (ref readonly var e in events)
        {
            most += EventCodec.MaxBytes(e);
        }

        if (most > MaxBytes)
        {
            throw new RecsysException($"{events.Length} events of up to {most >> 20} MB are too many for one append");
        }

        Count = events.Length;
        _records = ArrayPool<byte>.Shared.Rent((int)most);
        _keys = window is null ? null : ArrayPool<UInt128>.Shared.Rent(events.Length);
        try
        {
            for (int i = 0; i < events.Length; i++)
            {
                Bytes += EventCodec.Write(events[i], _records.AsSpan(Bytes), seed, out var id);
                if (window is not null)
                {
                    _keys![i] = window.Key(id);
                }
            }
        }
        catch
        {
            Return();
            throw;
        }
    }

    /// <summary>How many events.</summary>
    public int Count { get; }

    /// <summary>Bytes of their records.</summary>
    public int Bytes { get; }

    /// <summary>What <see cref="Complete"/> tells the appender.</summary>
    public AppendResult Result { get; set; }

    /// <summary>Done when the events are durable.</summary>
    public Task<AppendResult> Completion => _completion.Task;

    /// <summary>Copies the records whose ids are new to the window; returns their bytes and number.</summary>
    public (int Bytes, int Count) CopyNew(Span<byte> to, DedupWindow? window)
    {
        var from = _records.AsSpan(0, Bytes);
        if (window is null)
        {
            from.CopyTo(to);
            return (Bytes, Count);
        }

        int copied = 0;
        int accepted = 0;
        int runStart = 0; // records in [runStart, at) are new and not yet copied
        int at = 0;
        for (int i = 0; i < Count; i++)
        {
            int length = EventCodec.Length(from[at..]);
            if (window.Add(_keys![i]))
            {
                accepted++;
            }
            else
            {
                from[runStart..at].CopyTo(to[copied..]);
                copied += at - runStart;
                runStart = at + length;
            }

            at += length;
        }

        from[runStart..at].CopyTo(to[copied..]);
        return (copied + at - runStart, accepted);
    }

    /// <summary>Tells the appender, and gives the memory back.</summary>
    public void Complete(RecsysException? failure)
    {
        Return();
        if (failure is null)
        {
            _completion.SetResult(Result);
        }
        else
        {
            _completion.SetException(new RecsysException(failure.Message, failure));
        }
    }

    private void Return()
    {
        ArrayPool<byte>.Shared.Return(_records);
        _records = [];
        if (_keys is not null)
        {
            ArrayPool<UInt128>.Shared.Return(_keys);
            _keys = null;
        }
    }
}
