using System.ComponentModel;

namespace Recsys.Api.Contract;

internal sealed record EventBody(
    string User,
    string Item,
    [property: Description("What was done, e.g. view, click, purchase, dislike, remove.")] string Kind,
    [property: Description("The event's own id: sending it again changes nothing.")] string? Id = null,
    [property: Description("How much of it, e.g. a rating.")] float? Value = null,
    [property: Description("When it happened; now where it is not given.")] DateTimeOffset? Time = null);

internal sealed record EventBatchBody([property: Description("Up to 10,000 events, accepted all or none.")] IReadOnlyList<EventBody> Events);

internal sealed record EventReply(
    [property: Description("The event's id, a fresh one where none was given.")] string Id,
    [property: Description("Whether it had been accepted before.")] bool Duplicate,
    [property: Description("Position in the log behind it.")] long Position);

internal sealed record EventBatchReply(
    [property: Description("New events, durable now.")] long Accepted,
    [property: Description("Events that had been accepted before.")] long Duplicates,
    [property: Description("Position in the log behind the last one.")] long Position,
    [property: Description("Id of each event; not for streams.")] IReadOnlyList<string>? Ids = null);
