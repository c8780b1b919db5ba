using Recsys.Engine.Data;

namespace Recsys.Engine.Online.Partitioned;

/// <summary>
/// What events say of the items of one partition: users and time-decayed popularity of each, summed over the event
/// partitions in their order. It keeps every source's share, so applying a batch replaces and never adds: the state is
/// a function of the sources' journals, whatever was repeated, lost and sent again or came late. It is in memory only:
/// after a loss, sources send their shares whole. Safe for concurrent use.
/// </summary>
public sealed class ItemPartition : IItemSide
{
    private readonly Lock _gate = new();
    private readonly double _halfLife;
    private readonly Source[] _sources;
    private readonly IdTable _ids = new();
    private readonly List<int> _users = [];
    private readonly List<double> _masses = [];
    private int[]? _ranked;
    private long _landmark = long.MaxValue;
    private double _total;

    /// <summary>Knows of no event yet.</summary>
    /// <param name="sources">Event partitions.</param>
    /// <param name="halfLife">The time in which a click's share in the popularity halves; the same everywhere.</param>
    public ItemPartition(int sources, TimeSpan halfLife)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(sources, 1);
        _sources = new Source[sources];
        for (int s = 0; s < sources; s++)
        {
            _sources[s] = new Source();
        }

        _halfLife = halfLife.TotalMilliseconds;
    }

    /// <summary>Position of each source up to which its shares are known.</summary>
    public IReadOnlyList<long> Applied
    {
        get
        {
            lock (_gate)
            {
                return [.. _sources.Select(s => s.Position)];
            }
        }
    }

    /// <summary>Items of which something is known.</summary>
    public int Items
    {
        get
        {
            lock (_gate)
            {
                return _ids.Count;
            }
        }
    }

    /// <summary>All popularity of the partition's items, scaled to <see cref="Landmark"/>.</summary>
    public double TotalMass
    {
        get
        {
            lock (_gate)
            {
                return _total;
            }
        }
    }

    /// <summary>The earliest landmark of all sources: what masses are scaled to.</summary>
    public long Landmark
    {
        get
        {
            lock (_gate)
            {
                return _landmark;
            }
        }
    }

    /// <inheritdoc/>
    public ValueTask<long> ApplyAsync(ItemSideBatch batch, CancellationToken cancellationToken = default) => new(Apply(batch));

    /// <inheritdoc cref="IItemSide.ApplyAsync"/>
    public long Apply(ItemSideBatch batch)
    {
        ArgumentNullException.ThrowIfNull(batch);
        if ((uint)batch.Source >= (uint)_sources.Length || batch.Users.Count != batch.Items.Count || batch.Masses.Count != batch.Items.Count)
        {
            throw new RecsysException(
                $"items: a batch of {batch.Items.Count} items from event partition {batch.Source} of {_sources.Length} does not fit together");
        }

        lock (_gate)
        {
            var source = _sources[batch.Source];
            if (batch.To <= source.Position || batch.From > source.Position)
            {
                return source.Position;
            }

            bool rescaled = batch.From == 0 && source.Shares.Count > 0;
            if (batch.From == 0)
            {
                source.Shares.Clear();
            }

            for (int e = 0; e < batch.Items.Count; e++)
            {
                int item = _ids.GetOrAdd(batch.Items[e]);
                if (item == _users.Count)
                {
                    _users.Add(0);
                    _masses.Add(0);
                }

                source.Shares[item] = (batch.Users[e], batch.Masses[e]);
            }

            source.Position = batch.To;
            source.Landmark = batch.Landmark;
            _ranked = batch.Items.Count == 0 && !rescaled ? _ranked : null;
            long landmark = _sources.Where(s => s.Position > 0).Min(s => s.Landmark);
            if (rescaled || landmark != _landmark)
            {
                _landmark = landmark;
                for (int item = 0; item < _ids.Count; item++)
                {
                    Sum(item);
                }
            }
            else
            {
                foreach (string id in batch.Items)
                {
                    Sum(_ids.GetOrAdd(id));
                }
            }

            _total = 0;
            foreach (double mass in _masses)
            {
                _total += mass;
            }

            return source.Position;
        }
    }

    /// <summary>What is known of an item, or null.</summary>
    public ItemStatistics? Find(string item)
    {
        lock (_gate)
        {
            return !string.IsNullOrEmpty(item) && _ids.TryGetIndex(item, out int index)
                ? new ItemStatistics(item, _users[index], _masses[index], _landmark)
                : null;
        }
    }

    /// <summary>The most popular of the partition's items, the most popular first, equal ones by id.</summary>
    /// <param name="count">How many.</param>
    /// <param name="allowed">Which may be returned; null for all.</param>
    public IReadOnlyList<ItemStatistics> Popular(int count, Func<string, bool>? allowed = null)
    {
        lock (_gate)
        {
            var popular = new List<ItemStatistics>(Math.Min(count, _ids.Count));
            foreach (int item in _ranked ??= Rank())
            {
                if (popular.Count >= count)
                {
                    break;
                }

                string id = _ids[item];
                if (allowed is null || allowed(id))
                {
                    popular.Add(new ItemStatistics(id, _users[item], _masses[item], _landmark));
                }
            }

            return popular;
        }
    }

    private int[] Rank()
    {
        int[] items = [.. Enumerable.Range(0, _ids.Count).Where(i => _masses[i] > 0)];
        Array.Sort(items, (a, b) =>
        {
            int order = _masses[b].CompareTo(_masses[a]);
            return order != 0 ? order : string.CompareOrdinal(_ids[a], _ids[b]);
        });
        return items;
    }

    private void Sum(int item)
    {
        int users = 0;
        double mass = 0;
        foreach (var source in _sources)
        {
            if (source.Shares.TryGetValue(item, out var share))
            {
                users += share.Users;
                mass += share.Mass * double.Exp2((source.Landmark - _landmark) / _halfLife);
            }
        }

        _users[item] = users;
        _masses[item] = mass;
    }

    private sealed class Source
    {
        public Dictionary<int, (int Users, double Mass)> Shares { get; } = [];

        public long Position { get; set; }

        public long Landmark { get; set; }
    }
}
