using Orleans.Concurrency;
using Recsys.Engine.Online.Partitioned;
using Recsys.Engine.Serving;

namespace Recsys.Grains.Serving;

/// <summary>A user, by id. It lives while somebody asks.</summary>
[Alias("recsys.user")]
public interface IUserGrain : IGrainWithStringKey
{
    /// <summary>The best items; the query's user and history are not looked at.</summary>
    [Alias("recommend")]
    Task<RecommendationList> RecommendAsync([Immutable] RecommendationQuery query, CancellationToken cancellationToken);

    /// <summary>Accepts events of this user; durable and applied when it returns, and recommendations follow them.</summary>
    [Alias("click")]
    Task<IngestReceipt> ClickAsync([Immutable] IncomingEvent[] events, CancellationToken cancellationToken);

    /// <summary>The history, latest last; of a user of whom no event was heard, the one the default model was trained on.</summary>
    [Alias("history")]
    Task<UserHistory> HistoryAsync();

    /// <summary>Forgets the user; returns whether there was a history.</summary>
    [Alias("forget")]
    Task<bool> ForgetAsync();

    /// <summary>Told by the event partition: what is held of the history is out of date.</summary>
    [Alias("changed"), AlwaysInterleave]
    Task HistoryChangedAsync();
}
