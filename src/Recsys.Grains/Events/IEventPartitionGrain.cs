using Orleans.Concurrency;
using Orleans.Runtime;
using Recsys.Engine.Online.Partitioned;
using Recsys.Engine.Serving;
using Recsys.Grains.Serving;

namespace Recsys.Grains.Events;

/// <summary>The events of one partition of the users: the durable way in. Its key is the partition's number.</summary>
[Alias("recsys.events")]
public interface IEventPartitionGrain : IGrainWithIntegerKey
{
    /// <summary>
    /// Accepts a batch of events of the partition's users, all or nothing; returns when all of it is durable and applied.
    /// Every event should have an id: then a call that failed may be repeated.
    /// </summary>
    [Alias("accept")]
    Task<IngestReceipt> AcceptAsync([Immutable] IncomingEvent[] events, CancellationToken cancellationToken);

    /// <summary>The history of a user, whose grain is told from now on, once, when it changes.</summary>
    [Alias("watch")]
    Task<UserHistory> WatchAsync(string user);

    /// <summary>The history of a user.</summary>
    [Alias("history")]
    Task<UserHistory> HistoryAsync(string user);

    /// <summary>Forgets a user; returns whether there was a history.</summary>
    [Alias("forget")]
    Task<bool> ForgetAsync(string user);

    /// <summary>Users whose id contains a text.</summary>
    [Alias("search")]
    Task<SearchHit[]> SearchAsync(string text, int limit);

    /// <summary>Histories of the users from one on, about so many pairs of them.</summary>
    [Alias("export")]
    Task<HistoryPage> ExportAsync(int fromUser, int pairs);

    /// <summary>Where it stands.</summary>
    [Alias("status"), AlwaysInterleave]
    Task<EventPartitionStatus> StatusAsync();

    /// <summary>Tells the item partitions what has changed; false where one could not be told.</summary>
    [Alias("flush")]
    Task<bool> FlushAsync();

    /// <summary>Takes a snapshot; returns its position.</summary>
    [Alias("snapshot")]
    Task<long> SnapshotAsync();

    /// <summary>Where it lives.</summary>
    [Alias("where"), AlwaysInterleave]
    Task<SiloAddress> WhereAsync();

    /// <summary>Moves to a silo as soon as it has nothing to do.</summary>
    [Alias("move")]
    Task MoveAsync(SiloAddress silo);
}
