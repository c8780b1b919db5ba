namespace Recsys.Engine.Serving;

/// <summary>What is known of a user.</summary>
/// <param name="Id">The user's id.</param>
/// <param name="History">The history, latest last where times are known.</param>
public sealed record UserRecord(string Id, IReadOnlyList<HistoryItem> History);
