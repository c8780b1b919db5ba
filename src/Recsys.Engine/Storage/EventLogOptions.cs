using Microsoft.Win32.SafeHandles;

namespace Recsys.Engine.Storage;

/// <summary>Bounds of an event log. None of them trades away durability: there is no option to acknowledge early.</summary>
public sealed record EventLogOptions
{
    /// <summary>The defaults.</summary>
    public static EventLogOptions Default { get; } = new();

    /// <summary>A segment that has grown to this many bytes is closed and the next begun.</summary>
    public long SegmentBytes { get; init; } = 64 << 20;

    /// <summary>A group (what one flush makes durable) takes no further appends once it has this many bytes.</summary>
    public int MaxGroupBytes { get; init; } = 1 << 20;

    /// <summary>
    /// How long the first append of a group waits for company. Zero: not at all; what arrives during a flush makes
    /// the next group, which under load is the best of both.
    /// </summary>
    public TimeSpan GroupDelay { get; init; } = TimeSpan.Zero;

    /// <summary>Bytes of events waiting to be written from which on appenders are held back.</summary>
    public long MaxQueuedBytes { get; init; } = 64 << 20;

    /// <summary>
    /// An event is recognised as a duplicate if its id is among at least this many last events, across restarts.
    /// Takes about 32 to 64 bytes of memory each. Zero: no event is.
    /// </summary>
    public int DedupEvents { get; init; } = 1_000_000;

    /// <summary>How a segment is flushed; tests fail it.</summary>
    internal Action<SafeFileHandle> Flush { get; init; } = RandomAccess.FlushToDisk;

    internal void Validate()
    {
        if (SegmentBytes < 4096 || MaxGroupBytes < 1 || MaxQueuedBytes < 1 || DedupEvents < 0 || DedupEvents > 1 << 28
            || GroupDelay < TimeSpan.Zero || GroupDelay > TimeSpan.FromMinutes(1))
        {
            throw new InvalidOptionException(
                $"event log: segment bytes {SegmentBytes} (from 4096), group bytes {MaxGroupBytes} (from 1), queued bytes {MaxQueuedBytes} (from 1), "
                + $"dedup events {DedupEvents} (0 to {1 << 28}) and group delay {GroupDelay} (up to a minute) must lie in their ranges");
        }
    }
}
