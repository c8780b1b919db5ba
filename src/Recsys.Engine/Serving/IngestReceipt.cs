namespace Recsys.Engine.Serving;

/// <summary>What became of a batch of events.</summary>
/// <param name="Ids">Id of each event of the batch, in its order: the given ones, and fresh ones where none was given.</param>
/// <param name="Accepted">Events that are new and durable now.</param>
/// <param name="Duplicates">Events that had been accepted before and change nothing.</param>
/// <param name="Position">Position in the log behind the last event of the batch.</param>
public sealed record IngestReceipt(IReadOnlyList<string> Ids, int Accepted, int Duplicates, long Position);
