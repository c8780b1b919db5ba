using Recsys.Engine.Data;
using Recsys.Engine.Ease;
using Recsys.Engine.Logistic;
using Recsys.Engine.Storage;

namespace Recsys.Engine.Online;

/// <summary>
/// Everything that events change: ids, histories, popularity, ALS, logistic MF, EASE. Applying the same events in the
/// same order to the same start gives the same state. One writer at a time and any number of readers share a lock;
/// EASE has its own, since its steps take longer, and is told of changes here.
/// </summary>
internal sealed partial class OnlineState : IDisposable
{
    private const int EventsPerLock = 256;
    private const int ItemRenewals = 128;

    private readonly OnlineOptions _options;
    private readonly Dictionary<EventKind, EventRule> _rules;
    private readonly ReaderWriterLockSlim _lock = new();
    private readonly IdTable _users;
    private readonly IdTable _items;
    private readonly OnlineHistories _histories = new();
    private readonly DecayedPopularity _popularity;
    private readonly LiveAls? _als;
    private readonly OnlineLmf? _lmf;
    private readonly StreamingEase? _ease;
    private readonly int _trainedItems;

    // Users of the items that came after training, in the order in which they came.
    private readonly Dictionary<int, List<int>> _usersOfNewItems = [];
    private readonly List<int> _itemUsers = [];

    private OnlineState(
        OnlineOptions options, IdTable users, IdTable items, int trainedItems, LiveAls? als, OnlineLmf? lmf, StreamingEase? ease)
    {
        _options = options;
        _rules = options.Events.ToDictionary(e => e.Kind);
        _users = users;
        _items = items;
        _popularity = new DecayedPopularity(options.PopularityHalfLife);
        _trainedItems = trainedItems;
        _als = als;
        _lmf = lmf;
        _ease = ease;
        NameModels();
    }

    /// <summary>Position in the log up to which events are applied.</summary>
    public long Position { get; private set; }

    /// <summary>EASE, to take steps; null where there is none.</summary>
    public StreamingEase? Ease => _ease;

    public LiveAls? Als => _als;

    public OnlineLmf? Lmf => _lmf;

    /// <summary>Told the users whose history has changed, after each lock; may be null.</summary>
    public Action<IReadOnlyCollection<int>>? Changed { get; set; }

    /// <summary>Collects the items whose users or popularity events change; null (the default) where nobody asks.</summary>
    public HashSet<int>? TouchedItems { get; set; }

    /// <summary>The state that a start describes.</summary>
    public static OnlineState Create(OnlineStart start, OnlineOptions options, CancellationToken cancellationToken = default)
    {
        options.Validate();
        start.Validate();
        var data = start.Data;
        var (users, items) = (data.Users.Clone(), data.Items.Clone());
        StreamingEase? ease = null;
        if (options.Ease is not null)
        {
            if (start.Ease is not null)
            {
                StreamingEase.RequirePlain(start.Ease.Options);
            }

            ease = start.Ease is not null && !start.Ease.Histories.HasValues
                ? StreamingEase.From(start.Ease, options.Ease)
                : StreamingEase.Train(Positives(data.Interactions), options.Ease, null, cancellationToken);
        }

        OnlineLmf? lmf = null;
        if (options.Lmf is not null)
        {
            if (start.Lmf is not null)
            {
                lmf = OnlineLmf.From(start.Lmf, options.Lmf);
            }
            else if (data.Interactions.Count > 0)
            {
                // Untrained, but with the histories: what a user has is never a negative.
                using var fresh = LmfTrainer.Train(data, options.Lmf with { Epochs = 0 }, null, cancellationToken);
                lmf = OnlineLmf.From(fresh, options.Lmf);
            }
            else
            {
                lmf = options.SharesItems ? OnlineLmf.Sharing(options.Lmf, users, items) : new OnlineLmf(options.Lmf);
            }
        }

        var als = start.Als is null ? null : new LiveAls(start.Als);
        var state = new OnlineState(options, users, items, data.Items.Count, als, lmf, ease);
        state.Begin(data);
        return state;
    }

    /// <summary>Applies consecutive events of the log.</summary>
    public void Apply(EventBatch batch) => Apply(batch, 0, batch.Count);

    /// <summary>Applies some of a batch.</summary>
    public void Apply(EventBatch batch, int from, int to)
    {
        var changed = Changed is null ? null : new HashSet<int>();
        for (int first = from; first < to; first += EventsPerLock)
        {
            int end = Math.Min(to, first + EventsPerLock);
            _lock.EnterWriteLock();
            try
            {
                for (int e = first; e < end; e++)
                {
                    var record = batch[e];
                    if (record.Position >= Position)
                    {
                        int user = Apply(record);
                        Position = record.Position + 1;
                        if (user >= 0)
                        {
                            changed?.Add(user);
                        }
                    }
                }
            }
            finally
            {
                _lock.ExitWriteLock();
            }
        }

        if (changed is { Count: > 0 })
        {
            Changed!(changed);
        }
    }

    /// <summary>Applies one event by dense indices, which may be new; for simulations, which have no log.</summary>
    public void Apply(int user, int item, float weight, long time)
    {
        _lock.EnterWriteLock();
        try
        {
            Learn(user, item, weight, time);
        }
        finally
        {
            _lock.ExitWriteLock();
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _als?.Dispose();
        _lmf?.Dispose();
        _ease?.Dispose();
        _lock.Dispose();
    }

    private void Begin(Dataset data)
    {
        _histories.Grow(data.Users.Count);
        GrowItems(data.Items.Count);
        for (int u = 0; u < data.Users.Count; u++)
        {
            var items = data.Interactions.Row(u);
            var weights = data.Interactions.RowValues(u);
            for (int e = 0; e < items.Length; e++)
            {
                // Clicks without a time weigh as much as one at the time of the first event.
                float weight = weights.IsEmpty ? 1 : weights[e];
                double mass = Math.Max(0, weight);
                _histories.Set(u, items[e], weight, 0, mass);
                _popularity.Add(items[e], mass);
                _itemUsers[items[e]] += weight > 0 ? 1 : 0;
            }
        }

        _als?.Grow(data.Users.Count, data.Items.Count);
    }

    /// <summary>Applies an event; returns the user whose history it changed, or −1.</summary>
    private int Apply(in EventRecord record)
    {
        if (record.Kind == EventKind.Forget)
        {
            // Also an id that is new is entered: whoever has the user from elsewhere must learn that it was forgotten.
            int forgotten = _users.GetOrAdd(record.User);
            _histories.Grow(forgotten + 1);
            _als?.Grow(forgotten + 1, _items.Count);
            Forget(forgotten);
            return forgotten;
        }

        // An event of a kind that is no longer configured stays in the log and has no effect.
        if (!_rules.TryGetValue(record.Kind, out var rule))
        {
            return -1;
        }

        float weight = rule.Weight * record.Value;
        int user;
        if (weight == 0)
        {
            if (_users.TryGetIndex(record.User, out user) && _items.TryGetIndex(record.Item, out int removed))
            {
                Remove(user, removed);
                return user;
            }

            return -1;
        }

        user = _users.GetOrAdd(record.User);
        Learn(user, _items.GetOrAdd(record.Item), weight, record.Time.ToUnixTimeMilliseconds());
        return user;
    }

    private void Learn(int user, int item, float weight, long time)
    {
        _histories.Grow(user + 1);
        GrowItems(item + 1);
        _als?.Grow(user + 1, item + 1);
        float before = _histories.Weight(user, item);
        float after = MathF.Sign(before) == MathF.Sign(weight) ? before + weight : weight;
        double mass = 0;
        if (weight > 0)
        {
            mass = _popularity.MassOf(time, weight, out double rescale);
            if (rescale != 1)
            {
                _histories.ScaleMasses(rescale);
            }
        }
        else
        {
            mass = -MassOf(user, item);
        }

        _histories.Set(user, item, after, time, mass);
        _popularity.Add(item, mass);
        Count(user, item, before, after);
        _ease?.Set(user, item, after > 0 ? 1 : 0);
        _lmf?.Learn(user, item, weight);
    }

    private double MassOf(int user, int item)
    {
        int at = _histories.Items(user).BinarySearch(item);
        return at < 0 ? 0 : _histories.Masses(user)[at];
    }

    private void Remove(int user, int item)
    {
        var (weight, mass) = _histories.Remove(user, item);
        if (weight == 0)
        {
            return;
        }

        _popularity.Add(item, -mass);
        Count(user, item, weight, 0);
        _ease?.Set(user, item, 0);
        _lmf?.Remove(user, item);
    }

    private void GrowItems(int items)
    {
        while (_itemUsers.Count < items)
        {
            _itemUsers.Add(0);
        }

        _popularity.Grow(items);
        _ease?.AddItems(items);
    }

    private void Count(int user, int item, float before, float after)
    {
        TouchedItems?.Add(item);
        if (after > 0 == before > 0)
        {
            return;
        }

        int users = _itemUsers[item] += after > 0 ? 1 : -1;
        if (item < _trainedItems || _als is null)
        {
            return;
        }

        if (!_usersOfNewItems.TryGetValue(item, out var list))
        {
            _usersOfNewItems[item] = list = [];
        }

        if (after <= 0)
        {
            list.Remove(user);
            return;
        }

        list.Add(user);
        int doublings = users / _options.ItemFoldInUsers;
        if (users % _options.ItemFoldInUsers == 0 && doublings is >= 1 and <= ItemRenewals && int.IsPow2(doublings))
        {
            _als.FoldInItem(item, list.ToArray(), [.. list.Select(u => _histories.Weight(u, item))], _histories);
            _als.ItemsChanged();
        }
    }

    /// <summary>
    /// Forgets a user. EASE: the row is erased, exactly. ALS: the factors are dropped, the user's share leaves the Gram
    /// matrix of the trained users, and every item of the history is solved anew from its other users. Logistic MF:
    /// factors and counts are dropped, the items' factors start anew and are learned from their other users.
    /// </summary>
    private void Forget(int user)
    {
        int[] touched = _histories.Items(user).ToArray();
        double[] masses = _histories.Masses(user).ToArray();
        float[] weights = _histories.Weights(user).ToArray();
        for (int e = 0; e < touched.Length; e++)
        {
            _popularity.Add(touched[e], -masses[e]);
            TouchedItems?.Add(touched[e]);
            _itemUsers[touched[e]] -= weights[e] > 0 ? 1 : 0;
            if (_usersOfNewItems.TryGetValue(touched[e], out var list))
            {
                list.Remove(user);
            }
        }

        Forgotten++;
        _histories.Clear(user);
        _ease?.Erase(user);
        _lmf?.ForgetUser(user);
        _lmf?.Relearn(touched);
        if (_als is not null)
        {
            _als.Forget(user);
            SolveItems(touched);
        }
    }

    private void SolveItems(int[] items)
    {
        var users = items.ToDictionary(i => i, _ => new List<int>());
        var weights = items.ToDictionary(i => i, _ => new List<float>());
        for (int u = 0; u < _histories.Users; u++)
        {
            var row = _histories.Items(u);
            for (int e = 0; e < row.Length; e++)
            {
                if (users.TryGetValue(row[e], out var list))
                {
                    list.Add(u);
                    weights[row[e]].Add(_histories.Weights(u)[e]);
                }
            }
        }

        foreach (int item in items)
        {
            if (item < _trainedItems || _als!.HasFactors(item))
            {
                _als!.FoldInItem(item, [.. users[item]], [.. weights[item]], _histories);
            }
        }

        _als!.ItemsChanged();
    }
}
