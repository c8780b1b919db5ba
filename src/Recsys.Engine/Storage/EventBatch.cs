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
