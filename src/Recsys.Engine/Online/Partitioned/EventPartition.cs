using System.Diagnostics;
using System.Globalization;
using Recsys.Engine.Data;
using Recsys.Engine.Serving;
using Recsys.Engine.Storage;

namespace Recsys.Engine.Online.Partitioned;

/// <summary>
/// The events of one partition of the users: an <see cref="OnlineEngine"/> that keeps their histories over the partition's
/// journal, and tells item partitions what becomes of items. An event is acknowledged when it is durable and applied.
/// The partition is a snapshot and the journal from there on: whoever opens it next has the same state, and events sent
/// again change nothing.
/// </summary>
public sealed class EventPartition : IAsyncDisposable
{
    private const int AskEvery = 20;
    private const int QuietPauses = 7;
    private const int SnapshotRest = 20;
    private const int ReplayPatience = 3;
    private static readonly TimeSpan ReplayTimeout = TimeSpan.FromSeconds(2);

    private readonly OnlineEngine _engine;
    private readonly ItemSideFeed? _feed;
    private readonly ItemFactorFeed? _factors;
    private readonly SemaphoreSlim _exchange = new(1);
    private readonly SemaphoreSlim _flushing = new(1);
    private readonly CancellationTokenSource _stopping = new();
    private readonly Task _telling;
    private readonly Task _exchanging;
    private readonly TimeSpan _pause;

    private EventPartition(
        OnlineEngine engine, int index, IReadOnlyList<IItemSide> items, ItemFactorFeed? factors, EventPartitionOptions options)
    {
        _engine = engine;
        Index = index;
        _pause = options.MicroBatchDelay;
        _factors = factors;
        _feed = items.Count == 0 ? null : new ItemSideFeed(engine.State, index, items);
        _telling = _feed is null ? Task.CompletedTask : Task.Run(TellAsync);
        _exchanging = _factors is null
            ? Task.CompletedTask
            : Task.WhenAll(Task.Run(() => ExchangeAsync(options.LmfExchangeEvery)), Task.Run(() => SnapshotAsync(options.LmfSnapshotEvery)));
    }

    /// <summary>Which partition it is.</summary>
    public int Index { get; }

    /// <summary>Position in the journal behind the last durable event.</summary>
    public long Accepted => _engine.Accepted;

    /// <summary>Position in the journal up to which events are applied.</summary>
    public long Applied => _engine.Applied;

    /// <summary>Users with a history, and pairs of user and item.</summary>
    public (int Users, long Pairs) Counts => _engine.State.Read(s => (s.UserIds.Count, s.Histories.Pairs));

    internal OnlineState State => _engine.State;

    /// <summary>Opens a partition and becomes its only writer.</summary>
    /// <param name="index">Which one.</param>
    /// <param name="options">What is done with events; models are not kept here.</param>
    /// <param name="journals">Its journal is "events-NN".</param>
    /// <param name="blobs">Receives snapshots, under "events/NN".</param>
    /// <param name="temporaryFolder">A folder for snapshots on their way.</param>
    /// <param name="items">The item partitions; empty: nobody is told.</param>
    /// <param name="factors">The factors of the item partitions; null or empty: live logistic MF learns from this partition alone.</param>
    /// <param name="cancellationToken">Stops opening.</param>
    public static async Task<EventPartition> OpenAsync(
        int index,
        EventPartitionOptions options,
        IEventJournals journals,
        IBlobStore blobs,
        string temporaryFolder,
        IReadOnlyList<IItemSide> items,
        IReadOnlyList<IItemFactorSide>? factors = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(journals);
        string number = index.ToString("D2", CultureInfo.InvariantCulture);
        var journal = await journals.OpenAsync("events-" + number, cancellationToken).ConfigureAwait(false);
        ItemFactorFeed? feed = null;
        var online = options.ToOnline();
        if (options.Lmf is not null && factors is { Count: > 0 })
        {
            int patience = ReplayPatience;
            online = online with
            {
                Replaying = async (state, token) =>
                {
                    feed ??= new ItemFactorFeed(state, index, factors, options);
                    patience -= patience > 0 && !await feed.TryExchangeAsync(ReplayTimeout, token).ConfigureAwait(false) ? 1 : 0;
                },
            };
        }

        var engine = await OnlineEngine.OpenAsync(
            "events/" + number, journal, blobs, temporaryFolder, online, null, cancellationToken).ConfigureAwait(false);
        if (online.Replaying is not null)
        {
            feed ??= new ItemFactorFeed(engine.State, index, factors!, options);
        }

        return new EventPartition(engine, index, items, feed, options);
    }

    /// <summary>Accepts a batch, all or nothing; returns when all of it is durable and applied.</summary>
    /// <inheritdoc cref="IEventIngest.AcceptAsync"/>
    public async ValueTask<IngestReceipt> AcceptAsync(ReadOnlyMemory<IncomingEvent> events, CancellationToken cancellationToken = default)
    {
        var receipt = await _engine.AcceptAsync(events, cancellationToken).ConfigureAwait(false);
        await _engine.WaitAppliedAsync(receipt.Position, cancellationToken).ConfigureAwait(false);
        return receipt;
    }

    /// <summary>Forgets a user: durable and applied when it returns, and the item partitions have been told or will be.</summary>
    public ValueTask<bool> ForgetAsync(string user, CancellationToken cancellationToken = default) => _engine.ForgetAsync(user, cancellationToken);

    /// <summary>The history of a user.</summary>
    public UserHistory GetHistory(string user) => _engine.State.Read(s =>
    {
        if (string.IsNullOrEmpty(user) || !s.UserIds.TryGetIndex(user, out int index))
        {
            return UserHistory.Unknown;
        }

        int[] items = s.Histories.Items(index).ToArray();
        Array.Sort(s.Histories.Times(index).ToArray(), items);
        return new UserHistory(Known: true, Array.ConvertAll(items, i => new HistoryItem(s.ItemIds[i], s.Histories.Weight(index, i))))
        {
            LiveFactors = s.Lmf?.CopyUser(index) ?? ReadOnlyMemory<float>.Empty,
        };
    });

    /// <summary>A copy of all histories.</summary>
    public Dataset GetHistories() => _engine.State.Read(s => new Dataset(
        s.UserIds.Clone(), s.ItemIds.Clone(), s.Histories.ToMatrix(s.UserIds.Count, s.ItemIds.Count))
    { Name = $"event partition {Index} up to {s.Position}" });

    /// <summary>
    /// Histories of the users from one on, about so many pairs of them: users and the pairs of each, the items that occur,
    /// and of each pair its item among those and its weight; and the user to go on with, −1 at the end.
    /// </summary>
    public (string[] Users, int[] Counts, string[] Items, int[] Columns, float[] Weights, int Next) ReadPage(int fromUser, int pairs)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(fromUser);
        return _engine.State.Read(s =>
        {
            var users = new List<string>();
            var counts = new List<int>();
            var places = new Dictionary<int, int>();
            var columns = new List<int>();
            var weights = new List<float>();
            int user = fromUser;
            for (; user < s.UserIds.Count && columns.Count < pairs; user++)
            {
                var row = s.Histories.Items(user);
                if (row.IsEmpty)
                {
                    continue;
                }

                users.Add(s.UserIds[user]);
                counts.Add(row.Length);
                weights.AddRange(s.Histories.Weights(user));
                foreach (int item in row)
                {
                    columns.Add(places.TryGetValue(item, out int place) ? place : places[item] = places.Count);
                }
            }

            string[] items = new string[places.Count];
            foreach (var (item, place) in places)
            {
                items[place] = s.ItemIds[item];
            }

            return (users.ToArray(), counts.ToArray(), items, columns.ToArray(), weights.ToArray(), user < s.UserIds.Count ? user : -1);
        });
    }

    /// <summary>Users whose id contains a text.</summary>
    public IReadOnlyList<SearchHit> SearchUsers(string text, int limit, CancellationToken cancellationToken = default)
    {
        var search = new IdSearch(text, limit);
        return _engine.State.Read(s =>
        {
            search.Scan(s.UserIds, null, cancellationToken);
            return search.Best();
        });
    }

    /// <summary>
    /// Tells the item partitions what has changed, and makes sure that they know what they were told before; false where
    /// one could not be told: it is told later.
    /// </summary>
    public Task<bool> FlushAsync(CancellationToken cancellationToken = default) => FlushAsync(ask: true, cancellationToken);

    /// <summary>
    /// Hears what other partitions made of items, and tells what this one did; false where an item partition did not answer or
    /// something waits for the next exchange.
    /// </summary>
    public async Task<bool> ExchangeAsync(CancellationToken cancellationToken = default)
    {
        if (_factors is null)
        {
            return true;
        }

        await _exchange.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            return await _factors.ExchangeAsync(replaying: false, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            _exchange.Release();
        }
    }

    /// <summary>Rows of items told and heard so far, for live logistic MF.</summary>
    public (long Told, long Heard) ExchangedRows => _factors?.Rows ?? default;

    /// <summary>Takes a snapshot and gives up what of the journal it replaces. Returns its position.</summary>
    public Task<long> SnapshotAsync(CancellationToken cancellationToken = default) => _engine.SnapshotAsync(cancellationToken);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync().ConfigureAwait(false);
        await _telling.ConfigureAwait(false);
        await _exchanging.ConfigureAwait(false);
        await _engine.DisposeAsync().ConfigureAwait(false);
        _stopping.Dispose();
    }

    private async Task<bool> FlushAsync(bool ask, CancellationToken cancellationToken)
    {
        if (_feed is null)
        {
            return true;
        }

        await _flushing.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            return await _feed.FlushAsync(ask, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            _flushing.Release();
        }
    }

    private async Task ExchangeAsync(TimeSpan pause)
    {
        long exchanged = -1;
        try
        {
            while (true)
            {
                long position = Applied;
                bool done = await ExchangeAsync(_stopping.Token).ConfigureAwait(false);
                long rows = _factors!.Rows.Told + _factors.Rows.Heard;
                bool quiet = done && rows == exchanged;
                exchanged = rows;
                await Task.Delay(pause, _stopping.Token).ConfigureAwait(false);

                // Where nobody says anything, one asks less often, until there is something to tell.
                if (quiet)
                {
                    await _engine.WaitAdvancedAsync(position, pause * QuietPauses, _stopping.Token).ConfigureAwait(false);
                }
            }
        }
        catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
        {
            // Disposed: whoever opens the partition next tells all.
        }
    }

    private async Task SnapshotAsync(TimeSpan pause)
    {
        long taken = -1;
        var rest = pause;
        try
        {
            while (true)
            {
                await Task.Delay(rest, _stopping.Token).ConfigureAwait(false);
                if (Applied == taken)
                {
                    continue;
                }

                long began = Stopwatch.GetTimestamp();
                try
                {
                    taken = await _engine.SnapshotAsync(_stopping.Token).ConfigureAwait(false);
                }
                catch (Exception e) when (e is not OperationCanceledException || !_stopping.IsCancellationRequested)
                {
                    // The store is away: the journal has the events, and it is tried again.
                }

                var least = Stopwatch.GetElapsedTime(began) * SnapshotRest;
                rest = least > pause ? least : pause;
            }
        }
        catch (Exception e) when (e is OperationCanceledException or ObjectDisposedException && _stopping.IsCancellationRequested)
        {
            // Disposed.
        }
    }

    private async Task TellAsync()
    {
        try
        {
            long? asked = null;
            while (true)
            {
                long position = Applied;
                bool ask = asked is not { } last || Stopwatch.GetElapsedTime(last) >= _pause * AskEvery;
                asked = ask ? Stopwatch.GetTimestamp() : asked;
                bool heard = await FlushAsync(ask, _stopping.Token).ConfigureAwait(false);
                await Task.Delay(_pause, _stopping.Token).ConfigureAwait(false);
                if (heard)
                {
                    await _engine.WaitAdvancedAsync(position, _pause * AskEvery, _stopping.Token).ConfigureAwait(false);
                }
            }
        }
        catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
        {
            // Disposed: whoever opens the partition next tells everything.
        }
    }
}
