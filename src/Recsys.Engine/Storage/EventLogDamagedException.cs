namespace Recsys.Engine.Storage;

/// <summary>
/// A segment of the event log holds something else than was written, or is missing, and not as a crash would leave
/// it. Nothing is skipped: what is lost has to be restored (or given up) by a person.
/// </summary>
public sealed class EventLogDamagedException : RecsysException
{
    /// <summary>Creates the error.</summary>
    public EventLogDamagedException(string segment, long offset, string what)
        : base($"{segment}: damaged at byte {offset}: {what}")
    {
        Segment = segment;
        Offset = offset;
    }

    /// <summary>Path of the segment's file.</summary>
    public string Segment { get; }

    /// <summary>Byte in that file from which on it cannot be read.</summary>
    public long Offset { get; }
}
