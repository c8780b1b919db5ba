using Recsys.Engine.Als;

namespace Recsys.Engine.Online.Partitioned;

/// <summary>
/// An event partition's exchange of item factors with the item partitions: it hears what the others' shares sum up to, and tells
/// its own where they changed. Both are bounded; what does not fit waits for the next exchange, the longest waiting first.
/// One exchange at a time.
/// </summary>
internal sealed class ItemFactorFeed
{
    private const int MostMessageBytes = 1 << 20;
    private const int LeastRows = 16;
    private const int MostRefused = 40;

    private readonly OnlineState _state;
    private readonly int _source;
    private readonly Target[] _targets;
    private readonly long _mostItems;
    private readonly int _rowsATarget;
    private readonly int _rowsAMessage;
    private readonly List<int> _touched = [];
    private long _batch;

    /// <param name="state">The partition's state; its logistic MF shares items.</param>
    /// <param name="source">The event partition.</param>
    /// <param name="targets">The item partitions.</param>
    /// <param name="options">Bounds.</param>
    public ItemFactorFeed(OnlineState state, int source, IReadOnlyList<IItemFactorSide> targets, EventPartitionOptions options)
    {
        _state = state;
        _source = source;
        int rowBytes = state.Lmf!.ShareLength * sizeof(float);
        _rowsATarget = (int)Math.Max(LeastRows, options.LmfExchangeBytes / rowBytes / targets.Count);
        _rowsAMessage = Math.Max(LeastRows, MostMessageBytes / rowBytes);
        _mostItems = options.MostLmfItems;
        _targets = [.. targets.Select(t => new Target(new ItemFactorReader(t, source)))];
        var known = state.Read(s => Enumerable.Range(0, s.ItemIds.Count).GroupBy(i => PartitionOf(s, i)).Select(g => (g.Key, g.Select(i => s.ItemIds[i]).ToArray())).ToArray());
        if (state.HeardOthers)
        {
            foreach (var (target, items) in known)
            {
                _targets[target].Reader.Restore(items);
            }
        }
    }

    /// <summary>Rows told and heard so far.</summary>
    public (long Told, long Heard) Rows => (_targets.Sum(t => t.RowsTold), _targets.Sum(t => t.RowsHeard));

    /// <summary>
    /// Hears and tells. While the journal is being replayed, item partitions that still hold what an earlier life of this
    /// partition told them are not told yet: what is learned so far is less.
    /// </summary>
    /// <returns>Whether all item partitions have answered, and nothing waits for the next exchange.</returns>
    public async Task<bool> ExchangeAsync(bool replaying, CancellationToken cancellationToken)
    {
        Distribute();
        bool[] done = await Task.WhenAll(_targets.Select(t => ExchangeAsync(t, replaying, cancellationToken))).ConfigureAwait(false);
        return done.All(d => d);
    }

    /// <summary>An exchange during a replay that is given up after some time; false then, and where an item partition did not answer.</summary>
    public async Task<bool> TryExchangeAsync(TimeSpan patience, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(patience);
        try
        {
            Distribute();
            await Task.WhenAll(_targets.Select(t => ExchangeAsync(t, replaying: true, limit.Token))).ConfigureAwait(false);
            return _targets.All(t => t.Answered);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return false;
        }
    }

    private void Distribute()
    {
        _touched.Clear();
        _state.Read(s =>
        {
            s.Lmf!.TakeTouched(_touched);
            foreach (int item in _touched)
            {
                _targets[PartitionOf(s, item)].Add(item);
            }

            return true;
        });
    }

    private async Task<bool> ExchangeAsync(Target target, bool replaying, CancellationToken cancellationToken)
    {
        target.Answered = false;
        try
        {
            bool heard = await HearAsync(target, cancellationToken).ConfigureAwait(false);
            Claim(target.Reader, ref target.Refused);
            if (target.Reader.Heard < target.Told)
            {
                target.TellAll();
            }
            else
            {
                target.Told = target.Reader.Heard;
            }

            target.Answered = true;
            return (replaying && target.Reader.KnownInstance is not 0 && target.Reader.KnownInstance != target.Reader.ReaderInstance) || (await TellAsync(target, cancellationToken).ConfigureAwait(false) && heard);
        }
        catch (Exception e) when (e is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
        {
            // It may have heard or not: the next answer says what it knows, and what is pending is told then.
            return false;
        }
    }

    private async Task<bool> HearAsync(Target target, CancellationToken cancellationToken)
    {
        bool more = true;
        for (int rows = _rowsATarget; more && rows > 0; rows -= _rowsAMessage)
        {
            more = await target.Reader.ReadAsync(
                Math.Min(rows, _rowsAMessage),
                sums =>
                {
                    target.RowsHeard += sums.Items.Count;
                    _state.Hear(sums, _mostItems);
                },
                cancellationToken).ConfigureAwait(false);
        }

        return !more;
    }

    private async Task<bool> TellAsync(Target target, CancellationToken cancellationToken)
    {
        if (target.TellsAll && !target.Enqueued)
        {
            _state.Read(s =>
            {
                float[] scratch = new float[s.Lmf!.ShareLength];
                for (int item = 0; item < s.ItemIds.Count; item++)
                {
                    if (_targets[PartitionOf(s, item)] == target && s.Lmf.HasShare(item, scratch))
                    {
                        target.Add(item);
                    }
                }

                return true;
            });
            target.Enqueued = true;
        }

        for (int rows = _rowsATarget; rows > 0 && (target.Count > 0 || target.TellsAll); rows -= _rowsAMessage)
        {
            int[] items = target.Take(Math.Min(rows, _rowsAMessage));
            bool complete = target.TellsAll && target.Count == 0;
            var batch = new ItemFactorBatch(
                _source, target.Reader.ReaderInstance, target.Told, Interlocked.Increment(ref _batch), complete, _state.Read(s => Shares(s, items)));
            long known;
            try
            {
                known = await target.Reader.Side.ApplyFactorsAsync(batch, cancellationToken).ConfigureAwait(false);
            }
            catch
            {
                target.Return(items);
                throw;
            }

            if (known < batch.To)
            {
                // One is missing: the item partition was lost, or somebody spoke for this partition meanwhile.
                target.Return(items);
                target.TellAll();
                return false;
            }

            target.Told = batch.To;
            target.RowsTold += items.Length;
            if (complete)
            {
                target.TellsAll = false;
                target.Enqueued = false;
            }
        }

        return target.Count == 0;
    }

    /// <summary>
    /// Takes a number above those of earlier openings of the partition. One of those may live on for a while, given up for lost
    /// and not knowing it; should it have the higher number all the same (clocks differ), it is passed after some seconds.
    /// </summary>
    private static void Claim(ItemFactorReader reader, ref int refused)
    {
        refused = reader.ReaderInstance != 0 && reader.KnownInstance > reader.ReaderInstance ? refused + 1 : 0;
        if (reader.ReaderInstance == 0 || refused > MostRefused)
        {
            reader.ReaderInstance = Math.Max(DateTime.UtcNow.Ticks, reader.KnownInstance + 1);
            refused = 0;
        }
    }

    private static ItemFactorRows Shares(OnlineState state, int[] items)
    {
        int length = state.Lmf!.ShareLength;
        float[] values = new float[items.Length * length];
        state.Lmf.CopyShares(items, values);
        return new ItemFactorRows(Array.ConvertAll(items, i => state.ItemIds[i]), length, values);
    }

    private int PartitionOf(OnlineState state, int item) =>
        VirtualBlocks.PartitionOf(VirtualBlocks.BlockOf(VirtualBlocks.Hash(state.ItemIds.Utf8(item))), _targets.Length);

    private sealed class Target(ItemFactorReader reader)
    {
        private readonly Queue<int> _pending = [];
        private readonly HashSet<int> _isPending = [];

        /// <summary>Exchanges in which a higher instance was found to speak for this partition.</summary>
        public int Refused;

        public ItemFactorReader Reader { get; } = reader;

        /// <summary>Number of the last batch it is known to have.</summary>
        public long Told { get; set; }

        /// <summary>Whether it has to be told all there is, and whether that is enqueued.</summary>
        public bool TellsAll { get; set; } = true;

        public bool Enqueued { get; set; }

        /// <summary>Whether it answered in the last exchange.</summary>
        public bool Answered { get; set; }

        public int Count => _pending.Count;

        public long RowsTold { get; set; }

        public long RowsHeard { get; set; }

        public void TellAll()
        {
            Told = 0;
            TellsAll = true;
            Enqueued = false;
        }

        public void Add(int item)
        {
            if (_isPending.Add(item))
            {
                _pending.Enqueue(item);
            }
        }

        public int[] Take(int most)
        {
            int[] items = new int[Math.Min(most, _pending.Count)];
            for (int i = 0; i < items.Length; i++)
            {
                items[i] = _pending.Dequeue();
                _isPending.Remove(items[i]);
            }

            return items;
        }

        public void Return(int[] items)
        {
            foreach (int item in items)
            {
                Add(item);
            }
        }
    }
}
