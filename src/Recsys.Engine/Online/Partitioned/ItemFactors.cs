using Recsys.Engine.Data;

namespace Recsys.Engine.Online.Partitioned;

/// <summary>
/// The factors of one partition's items under live logistic MF: of each item what every event partition's users have made of
/// it, whole. q_i is the item's start, which depends on its id and the seed only, plus these shares, added in the order of the
/// event partitions. Applying a batch replaces and never adds. It is in memory only: after a loss, sources send all they have.
/// Safe for concurrent use.
/// </summary>
public sealed class ItemFactors : IItemFactorSide
{
    private readonly Lock _gate = new();
    private readonly Source[] _sources;
    private readonly IdTable _ids = new();
    private readonly List<Changed> _changed = [];
    private readonly long _instance = Random.Shared.NextInt64(1, long.MaxValue);
    private int _length;
    private long _version;

    /// <summary>Knows of no factors yet.</summary>
    /// <param name="sources">Event partitions.</param>
    public ItemFactors(int sources)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(sources, 1);
        _sources = [.. Enumerable.Range(0, sources).Select(_ => new Source())];
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

    /// <inheritdoc/>
    public ValueTask<long> ApplyFactorsAsync(ItemFactorBatch batch, CancellationToken cancellationToken = default) => new(Apply(batch));

    /// <inheritdoc/>
    public ValueTask<ItemFactorChanges> ReadFactorsAsync(ItemFactorQuery query, CancellationToken cancellationToken = default) => new(Read(query));

    /// <inheritdoc cref="IItemFactorSide.ApplyFactorsAsync"/>
    public long Apply(ItemFactorBatch batch)
    {
        ArgumentNullException.ThrowIfNull(batch);
        if ((uint)batch.Source >= (uint)_sources.Length || batch.From < 0 || batch.To <= batch.From)
        {
            throw new RecsysException($"item factors: batch {batch.To} after {batch.From} from event partition {batch.Source} of {_sources.Length} is none");
        }

        batch.Rows.Check($"item factors from event partition {batch.Source}");
        lock (_gate)
        {
            var source = _sources[batch.Source];
            if (batch.Rows.Items.Count > 0 && _length == 0)
            {
                _length = batch.Rows.Length;
            }

            if (batch.Rows.Items.Count > 0 && batch.Rows.Length != _length)
            {
                throw new RecsysException(
                    $"item factors: event partition {batch.Source} learns {batch.Rows.Length} numbers an item, others {_length}: all silos need the same options of the live model");
            }

            if (batch.Instance != source.Instance)
            {
                if (batch.From != 0 || batch.Instance < source.Instance)
                {
                    return 0;
                }

                source.Instance = batch.Instance;
                source.Position = 0;
            }

            if (batch.To <= source.Position || batch.From > source.Position)
            {
                return source.Position;
            }

            source.Told += batch.From == 0 ? 1 : 0;
            source.Position = batch.To;
            for (int e = 0; e < batch.Rows.Items.Count; e++)
            {
                int item = Entered(batch.Rows.Items[e]);
                source.Set(item, batch.Rows.Row(e));
                Change(item, batch.Source);
            }

            if (batch.Complete)
            {
                for (int item = 0; item < _ids.Count; item++)
                {
                    if (source.DropOld(item))
                    {
                        Change(item, batch.Source);
                    }
                }

                source.IsWhole = true;
            }

            return source.Position;
        }
    }

    /// <inheritdoc cref="IItemFactorSide.ReadFactorsAsync"/>
    public ItemFactorChanges Read(ItemFactorQuery query)
    {
        ArgumentNullException.ThrowIfNull(query);
        if (query.Reader >= _sources.Length || query.MostRows < 1)
        {
            throw new RecsysException($"item factors: asked for {query.MostRows} rows by event partition {query.Reader} of {_sources.Length}");
        }

        lock (_gate)
        {
            bool whole = Array.TrueForAll(_sources, s => s.IsWhole);
            var reader = query.Reader < 0 ? null : _sources[query.Reader];
            bool sameReader = reader is not null && reader.Instance == query.ReaderInstance;
            long heard = sameReader ? reader!.Position : 0;
            if (query.Instance != _instance && query.Instance != 0 && !whole)
            {
                return new ItemFactorChanges(_instance, 0, More: false, whole, heard, reader?.Instance ?? 0, ItemFactorRows.None);
            }

            long since = query.Instance == _instance ? query.Since : 0;
            var found = new List<(long Version, int Item)>();
            for (int item = 0; item < _changed.Count && _version > since; item++)
            {
                long version = _changed[item].For(query.Reader);
                if (version > since)
                {
                    found.Add((version, item));
                }
            }

            bool more = found.Count > query.MostRows;
            if (more)
            {
                found.Sort();
                found.RemoveRange(query.MostRows, found.Count - query.MostRows);
            }

            return new ItemFactorChanges(
                _instance, more ? found[^1].Version : _version, more, whole, heard, reader?.Instance ?? 0, Sums(found, query.Reader));
        }
    }

    private ItemFactorRows Sums(List<(long Version, int Item)> found, int reader)
    {
        string[] items = new string[found.Count];
        float[] values = new float[found.Count * _length];
        for (int f = 0; f < items.Length; f++)
        {
            int item = found[f].Item;
            items[f] = _ids[item];
            var sum = values.AsSpan(f * _length, _length);
            for (int s = 0; s < _sources.Length; s++)
            {
                if (s != reader)
                {
                    _sources[s].AddTo(item, sum);
                }
            }
        }

        return new ItemFactorRows(items, _length, values);
    }

    private int Entered(string id)
    {
        int item = _ids.GetOrAdd(id);
        if (item == _changed.Count)
        {
            _changed.Add(default);
        }

        return item;
    }

    private void Change(int item, int source) => _changed[item] = _changed[item].By(source, ++_version);

    /// <summary>
    /// The versions at which an item changed last, and at which a source other than the last one changed it: enough to know
    /// for each source when another one did.
    /// </summary>
    private readonly record struct Changed(long Last, int LastSource, long Other)
    {
        public long For(int reader) => reader == LastSource ? Other : Last;

        public Changed By(int source, long version) =>
            new(version, source, source == LastSource && Last > 0 ? Other : Last);
    }

    private sealed class Source
    {
        private readonly List<(float[]? Row, int Told)> _rows = [];

        public long Instance { get; set; }

        public long Position { get; set; }

        /// <summary>Grows whenever the source begins to tell all it has.</summary>
        public int Told { get; set; }

        public bool IsWhole { get; set; }

        public void Set(int item, ReadOnlySpan<float> row)
        {
            while (_rows.Count <= item)
            {
                _rows.Add(default);
            }

            float[] values = _rows[item].Row ?? new float[row.Length];
            row.CopyTo(values);
            _rows[item] = (values, Told);
        }

        public bool DropOld(int item)
        {
            if (item >= _rows.Count || _rows[item].Row is null || _rows[item].Told == Told)
            {
                return false;
            }

            _rows[item] = default;
            return true;
        }

        public void AddTo(int item, Span<float> sum)
        {
            if (item < _rows.Count && _rows[item].Row is { } row)
            {
                for (int f = 0; f < sum.Length; f++)
                {
                    sum[f] += row[f];
                }
            }
        }
    }
}
