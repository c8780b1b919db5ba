namespace Recsys.Engine.Serving;

/// <summary>Something a user did, as a client reports it.</summary>
/// <param name="User">The user's id.</param>
/// <param name="Item">The item's id.</param>
/// <param name="Kind">What was done: "view", "click", "purchase", "dislike", "remove" or another configured kind.</param>
/// <param name="Id">
/// The event's own id: a repetition of it changes nothing. Null gets a fresh one, and then a repetition counts again.
/// </param>
/// <param name="Value">How much of it, e.g. a rating; null for the kind's own weight.</param>
/// <param name="Time">When it happened; null for now.</param>
public readonly record struct IncomingEvent(
    string User, string Item, string Kind, string? Id = null, float? Value = null, DateTimeOffset? Time = null);
