namespace Recsys.Grains.Events;

/// <summary>Where an event partition stands.</summary>
/// <param name="Partition">Which one.</param>
/// <param name="Silo">Where it lives.</param>
/// <param name="Accepted">Position behind the last durable event.</param>
/// <param name="Applied">Position up to which events are applied.</param>
/// <param name="Users">Users it knows.</param>
/// <param name="Pairs">User-item pairs of their histories.</param>
[GenerateSerializer, Immutable, Alias("recsys.events-status")]
public sealed record EventPartitionStatus(
    [property: Id(0)] int Partition,
    [property: Id(1)] string Silo,
    [property: Id(2)] long Accepted,
    [property: Id(3)] long Applied,
    [property: Id(4)] int Users,
    [property: Id(5)] long Pairs);
