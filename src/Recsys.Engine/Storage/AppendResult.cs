namespace Recsys.Engine.Storage;

/// <summary>What became of appended events. Whatever it says, all of them are durable when it is returned.</summary>
/// <param name="First">Position of the first one written by this call; the others follow without gaps.</param>
/// <param name="Accepted">How many were written.</param>
/// <param name="Duplicates">How many had an id that the log already held.</param>
public readonly record struct AppendResult(long First, int Accepted, int Duplicates)
{
    /// <summary>The position after the last one written.</summary>
    public long End => First + Accepted;
}
