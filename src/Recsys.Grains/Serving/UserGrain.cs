using System.Diagnostics;
using Orleans.Concurrency;
using Orleans.Placement;
using Recsys.Engine;
using Recsys.Engine.Online.Partitioned;
using Recsys.Engine.Serving;
using Recsys.Engine.Serving.Distributed;
using Recsys.Grains.Events;

namespace Recsys.Grains.Serving;

/// <summary>
/// A <see cref="ServedUser"/> behind an address. It lives in the silo that is asked first, with the models there, and
/// holds the history until its event partition says that it has changed.
/// </summary>
[Reentrant, PreferLocalPlacement, CollectionAgeLimit(Minutes = 5)]
internal sealed class UserGrain(RecsysServingOptions options, ServingNode node, PopularFallback popular) : Grain, IUserGrain
{
    private ServedUser _user = null!;
    private long _fetched;

    private IEventPartitionGrain Partition => GrainFactory.Known<IEventPartitionGrain>(options.EventPartitionOf(_user.Id));

    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        _user = new ServedUser(this.GetPrimaryKeyString());
        return Task.CompletedTask;
    }

    public Task<RecommendationList> RecommendAsync(RecommendationQuery query, CancellationToken cancellationToken)
    {
        long began = Stopwatch.GetTimestamp();
        var answer = _user.History is { } history && Environment.TickCount64 - _fetched < options.HistoryAge.TotalMilliseconds
            ? AnswerAsync(history, query, cancellationToken)
            : FetchAndAnswerAsync(query, cancellationToken);
        if (answer.IsCompletedSuccessfully)
        {
            ServingMeter.Recommendations.Add(1);
            ServingMeter.Seconds.Record(Stopwatch.GetElapsedTime(began).TotalSeconds);
            return answer;
        }

        return CountedAsync(answer, began);
    }

    public async Task<IngestReceipt> ClickAsync(IncomingEvent[] events, CancellationToken cancellationToken)
    {
        if (Array.Exists(events, e => e.User != _user.Id))
        {
            throw new InvalidOptionException($"an event of another user than '{_user.Id}'");
        }

        try
        {
            return await Partition.AcceptAsync(events, cancellationToken);
        }
        finally
        {
            _user.Changed();
        }
    }

    public async Task<UserHistory> HistoryAsync()
    {
        var history = _user.History ?? await FetchAsync();
        return !history.Known && node.TrainedHistory(_user.Id) is { } trained ? new UserHistory(Known: true, trained) : history;
    }

    public async Task<bool> ForgetAsync()
    {
        try
        {
            var history = await FetchAsync();
            bool trained = !history.Known && node.TrainedHistory(_user.Id) is not null;
            return await Partition.ForgetAsync(_user.Id) || trained;
        }
        finally
        {
            _user.Changed();
        }
    }

    public Task HistoryChangedAsync()
    {
        _user.Changed();
        return Task.CompletedTask;
    }

    private static async Task<RecommendationList> CountedAsync(Task<RecommendationList> answer, long began)
    {
        var list = await answer;
        ServingMeter.Recommendations.Add(1);
        ServingMeter.Seconds.Record(Stopwatch.GetElapsedTime(began).TotalSeconds);
        return list;
    }

    private async Task<RecommendationList> FetchAndAnswerAsync(RecommendationQuery query, CancellationToken cancellationToken) =>
        await AnswerAsync(await FetchAsync(), query, cancellationToken);

    private Task<RecommendationList> AnswerAsync(UserHistory history, RecommendationQuery query, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (node.AnswersLive(query.Model))
        {
            return node.RecommendLive(_user.Id, history, query) is { } list
                ? Task.FromResult(list)
                : popular.RecommendAsync(query, history.Items, cancellationToken);
        }

        return node.Answers(query.Model)
            ? node.RecommendAsync(_user, history, query, cancellationToken)
            : popular.RecommendAsync(query, history.Items, cancellationToken);
    }

    private async Task<UserHistory> FetchAsync()
    {
        ServingMeter.Fetched.Add(1);
        int generation = _user.Generation;
        var history = await Partition.WatchAsync(_user.Id);
        _user.Fetched(history, generation);
        _fetched = Environment.TickCount64;
        return history;
    }
}
