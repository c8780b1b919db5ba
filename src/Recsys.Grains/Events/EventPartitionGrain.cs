using Microsoft.Extensions.Logging;
using Orleans.Concurrency;
using Orleans.Runtime;
using Recsys.Engine;
using Recsys.Engine.Online.Partitioned;
using Recsys.Engine.Serving;
using Recsys.Engine.Storage;
using Recsys.Grains.Placement;
using Recsys.Grains.Serving;

namespace Recsys.Grains.Events;

/// <summary>
/// An <see cref="EventPartition"/> behind an address. Calls interleave: while one batch waits for the disk, the next
/// ones gather. When another activation has taken the journal over, or the disk fails, it gives itself up: the next
/// call opens the partition anew.
/// </summary>
[Reentrant, SpreadPlacement, CollectionAgeLimit(AlwaysActive = true)]
internal sealed class EventPartitionGrain(
    RecsysServingOptions options, IEventJournals journals, IBlobStore blobs, ILocalSiloDetails silo, ILogger<EventPartitionGrain> logger)
    : Grain, IEventPartitionGrain
{
    private static readonly TimeSpan TellPatience = TimeSpan.FromMilliseconds(250);

    private readonly HashSet<string> _watched = new(StringComparer.Ordinal);
    private EventPartition _partition = null!;

    private int Index => (int)this.GetPrimaryKeyLong();

    public override async Task OnActivateAsync(CancellationToken cancellationToken)
    {
        if ((ulong)this.GetPrimaryKeyLong() >= (ulong)options.EventPartitions)
        {
            throw new InvalidOptionException($"there is no event partition {this.GetPrimaryKeyLong()}; there are {options.EventPartitions}");
        }

        IItemSide[] items = [.. Enumerable.Range(0, options.ItemPartitions).Select(i => GrainFactory.Known<IItemPartitionGrain>(i))];
        _partition = await EventPartition.OpenAsync(
            Index, options.Events, journals, blobs, options.TemporaryFolder, items, GrainItemFactors.All(options, GrainFactory), cancellationToken);
        ServingMeter.PartitionsOpened.Add(1);
    }

    public override async Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        if (_partition is not null)
        {
            await _partition.DisposeAsync();
        }
    }

    public async Task<IngestReceipt> AcceptAsync(IncomingEvent[] events, CancellationToken cancellationToken)
    {
        EventLimits.Check(events);
        foreach (var e in events)
        {
            if (e.User is not null && options.EventPartitionOf(e.User) != Index)
            {
                throw new RecsysException($"event partition {Index}: the user of event '{e.Id}' is of partition {options.EventPartitionOf(e.User)}");
            }
        }

        IngestReceipt receipt;
        try
        {
            receipt = await _partition.AcceptAsync(events, cancellationToken);
        }
        catch (Exception e) when (e is not (InvalidOptionException or OperationCanceledException))
        {
            GiveUp(e);
            throw;
        }

        ServingMeter.Events.Add(receipt.Accepted, new KeyValuePair<string, object?>("new", true));
        ServingMeter.Events.Add(receipt.Duplicates, new KeyValuePair<string, object?>("new", false));
        await TellAsync(events);
        return receipt;
    }

    public Task<UserHistory> WatchAsync(string user)
    {
        // First, so that whatever is applied from here on is told.
        _watched.Add(user);
        return HistoryAsync(user);
    }

    public Task<UserHistory> HistoryAsync(string user) => Task.FromResult(_partition.GetHistory(user));

    public async Task<bool> ForgetAsync(string user)
    {
        bool known;
        try
        {
            known = await _partition.ForgetAsync(user);
        }
        catch (Exception e) when (e is not InvalidOptionException)
        {
            GiveUp(e);
            throw;
        }

        await TellAsync([new IncomingEvent(user, "", "")]);
        return known;
    }

    public Task<SearchHit[]> SearchAsync(string text, int limit) => Task.FromResult<SearchHit[]>([.. _partition.SearchUsers(text, limit)]);

    public Task<HistoryPage> ExportAsync(int fromUser, int pairs)
    {
        var (users, counts, items, columns, weights, next) = _partition.ReadPage(fromUser, pairs);
        return Task.FromResult(new HistoryPage(users, counts, items, columns, weights, next));
    }

    public Task<EventPartitionStatus> StatusAsync()
    {
        var (users, pairs) = _partition.Counts;
        return Task.FromResult(new EventPartitionStatus(
            Index, silo.SiloAddress.ToString(), _partition.Accepted, _partition.Applied, users, pairs));
    }

    public Task<bool> FlushAsync() => _partition.FlushAsync();

    public Task<long> SnapshotAsync() => _partition.SnapshotAsync();

    public Task<SiloAddress> WhereAsync() => Task.FromResult(silo.SiloAddress);

    public Task MoveAsync(SiloAddress silo)
    {
        this.MoveTo(silo);
        return Task.CompletedTask;
    }

    /// <summary>Tells the grains of users who are being served that their history has changed.</summary>
    private async Task TellAsync(IncomingEvent[] events)
    {
        List<Task>? told = null;
        foreach (var e in events)
        {
            if (_watched.Remove(e.User))
            {
                (told ??= []).Add(GrainFactory.Known<IUserGrain>(e.User).HistoryChangedAsync());
            }
        }

        if (told is null)
        {
            return;
        }

        try
        {
            await Task.WhenAll(told).WaitAsync(TellPatience);
        }
        catch (Exception e)
        {
            // The events are durable and applied all the same; a grain that cannot be told fetches by itself before long.
            logger.LogDebug(e, "event partition {Partition}: a user's grain could not be told of a change", Index);
        }
    }

    private void GiveUp(Exception e)
    {
        logger.LogWarning(e, "event partition {Partition} gives itself up", Index);
        DeactivateOnIdle();
    }
}
