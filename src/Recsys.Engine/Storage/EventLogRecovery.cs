namespace Recsys.Engine.Storage;

/// <summary>What opening an event log found.</summary>
/// <param name="Start">First position the log still holds.</param>
/// <param name="End">The position after the last one.</param>
/// <param name="Segments">Files it consists of.</param>
/// <param name="TornBytes">
/// Bytes cut from the end: a group that a crash interrupted, which was not acknowledged. Zero after a clean end.
/// </param>
public sealed record EventLogRecovery(long Start, long End, int Segments, long TornBytes);
