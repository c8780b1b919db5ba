using Recsys.Engine.Storage;

namespace Recsys.Engine.Online;

/// <summary>What a kind of event does to a history.</summary>
/// <param name="Name">Its name to clients, e.g. "click".</param>
/// <param name="Kind">Its code in the log; never given another meaning while events of it are there.</param>
/// <param name="Weight">
/// What it adds to the pair's weight, times the event's value. Below 0 it is a dislike, which replaces a positive weight
/// (and is replaced by one). 0 takes the item out of the history.
/// </param>
public sealed record EventRule(string Name, EventKind Kind, float Weight);
