namespace Recsys.Engine.Storage;

/// <summary>One event between a user and an item.</summary>
/// <param name="Id">What makes it the same event when it is sent again; any non-empty text.</param>
/// <param name="User">User id, non-empty.</param>
/// <param name="Item">Item id; empty only for <see cref="EventKind.Forget"/>.</param>
/// <param name="Kind">What happened.</param>
/// <param name="Value">A count, rating or price that goes with it; finite, 1 where there is none.</param>
/// <param name="Time">When, to 100 ns; stored as UTC.</param>
public readonly record struct InteractionEvent(
    string Id, string User, string Item, EventKind Kind, float Value, DateTimeOffset Time)
{
    /// <summary>The tombstone of a user.</summary>
    public static InteractionEvent Forget(string id, string user, DateTimeOffset time) =>
        new(id, user, "", EventKind.Forget, 1, time);
}
