namespace Recsys.Engine.Storage;

/// <summary>Consecutive events read from the log.</summary>
public sealed class EventBatch
{
    private readonly byte[] _records;
    private readonly int[] _offsets;

    internal EventBatch(long firstPosition, byte[] records, int[] offsets)
    {
        FirstPosition = firstPosition;
        _records = records;
        _offsets = offsets;
    }

    /// <summary>A batch of events that stand in a journal from a position on, for journals that keep them in a form of their own.</summary>
    /// <exception cref="RecsysException">An event cannot stand in a journal.</exception>
    public static EventBatch Of(long firstPosition, ReadOnlySpan<InteractionEvent> events)
    {
        long most = 0;
        foreach (ref readonly var e in events)
        {
            most += EventCodec.MaxBytes(e);
        }

        if (most > Array.MaxLength)
        {
            throw new RecsysException($"{events.Length} events of up to {most >> 20} MB are too many for one batch");
        }

        byte[] records = new byte[most];
        int[] offsets = new int[events.Length];
        int at = 0;
        for (int e = 0; e < events.Length; e++)
        {
            offsets[e] = at;
            at += EventCodec.Write(events[e], records.AsSpan(at), 0, out _);
        }

        return new EventBatch(firstPosition, records, offsets);
    }

    /// <summary>Position of the first.</summary>
    public long FirstPosition { get; }

    /// <summary>How many.</summary>
    public int Count => _offsets.Length;

    /// <summary>The position after the last: where to go on reading.</summary>
    public long End => FirstPosition + Count;

    /// <summary>The event at <paramref name="index"/> of this batch.</summary>
    public EventRecord this[int index]
    {
        get
        {
            var record = _records.AsSpan(_offsets[index]);
            return new EventRecord(FirstPosition + index, record[EventCodec.HeaderBytes..EventCodec.Length(record)]);
        }
    }

    /// <summary>All of them as copies with strings.</summary>
    public InteractionEvent[] ToEvents()
    {
        var events = new InteractionEvent[Count];
        for (int i = 0; i < events.Length; i++)
        {
            events[i] = this[i].ToEvent();
        }

        return events;
    }
}
