using Recsys.Engine.Serving;

namespace Recsys.Grains.Events;

/// <summary>Events of one partition in a stream; each has an id.</summary>
/// <param name="Events">The events.</param>
[GenerateSerializer, Immutable, Alias("recsys.stream-batch")]
public sealed record EventStreamBatch([property: Id(0)] IncomingEvent[] Events);
