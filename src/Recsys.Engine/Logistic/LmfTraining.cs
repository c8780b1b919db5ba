using Recsys.Engine.Compute;
using Recsys.Engine.Data;
using Recsys.Engine.Negatives;
using Recsys.Engine.Storage;

namespace Recsys.Engine.Logistic;

/// <summary>
/// Batch training by strata (Gemulla et al. 2011): users and items are cut into V blocks each, and in V rounds V tasks
/// work on one user block and one item block apiece that no other task of the round touches. A task is plain sequential
/// learning, its negatives come from its item block, its randomness from the click: so the result is the same whichever
/// thread ran it and however many there are. Item blocks are cut anew at random each epoch, so that in expectation
/// every item competes with every other as the sampler's distribution says.
/// </summary>
internal sealed unsafe class LmfTraining : IDisposable
{
    private readonly SparseMatrix _interactions;
    private readonly LmfOptions _options;
    private readonly int _blocks;
    private readonly ItemCounts _counts;
    private readonly float[]? _logProbability;
    private readonly int[] _blockOfItem;
    private readonly int[] _itemOrder;
    private readonly int[][] _itemsOfBlock;
    private readonly INegativeSampler[] _samplers;

    // Clicks by user block; within each, every epoch sorts them by item block and shuffles.
    private readonly int[] _blockStart;
    private readonly Click[] _clicks;
    private readonly Click[] _sorted;
    private readonly int[] _strataStart;
    private readonly double _totalWeight;

    public LmfTraining(SparseMatrix interactions, LmfOptions options)
    {
        _interactions = interactions;
        _options = options;
        int wanted = options.Blocks != 0 ? options.Blocks : Math.Min(16, Math.Min(interactions.Columns / 64, interactions.Rows / 16));
        _blocks = Math.Clamp(wanted, 1, Math.Max(1, Math.Min(interactions.Columns, interactions.Rows)));
        _counts = ItemCounts.Of(interactions);
        Users = FactorTable.ForUsers(options);
        Items = FactorTable.ForItems(options);
        Users.Grow(interactions.Rows);
        Items.Grow(interactions.Columns);
        _logProbability = options.LogProbabilities(_counts);

        _blockOfItem = new int[interactions.Columns];
        _itemOrder = new int[interactions.Columns];
        _itemsOfBlock = new int[_blocks][];
        _samplers = new INegativeSampler[_blocks];
        _blockStart = new int[_blocks + 1];
        _strataStart = new int[_blocks * (_blocks + 1)];
        _clicks = CollectClicks(out _totalWeight);
        _sorted = new Click[_clicks.Length];
    }

    public FactorTable Users { get; }

    public FactorTable Items { get; }

    /// <summary>Number of blocks a side, V.</summary>
    public int Blocks => _blocks;

    /// <summary>One pass over all clicks; returns the average loss of one (weighted).</summary>
    public double RunEpoch(int epoch, ComputePool pool, CancellationToken cancellationToken)
    {
        ulong key = LmfKeys.Epoch(_options.Seed, epoch);
        CutItems(CounterRandom.Derive(key, 1));
        pool.Run(_blocks, (_, block) => PrepareBlock(block, CounterRandom.Derive(key, 2)), cancellationToken);

        float rate = _options.RateOf(epoch);
        var losses = new double[_blocks * _blocks];
        var steps = new LmfStep?[pool.Threads];
        try
        {
            for (int round = 0; round < _blocks; round++)
            {
                int shift = round;
                pool.Run(
                    _blocks,
                    (worker, users) =>
                    {
                        var step = steps[worker] ??= new LmfStep(_options, Items, _counts, _options.NegativeCount, _logProbability);
                        step.LearningRate = rate;
                        int items = (users + shift) % _blocks;
                        losses[(shift * _blocks) + users] = RunStratum(step, users, items, shift == 0, key);
                    },
                    cancellationToken);
            }
        }
        finally
        {
            Array.ForEach(steps, s => s?.Dispose());
        }

        double loss = 0;
        foreach (double part in losses)
        {
            loss += part;
        }

        return double.IsFinite(loss)
            ? loss / _totalWeight
            : throw new RecsysException($"logistic MF: training diverged in epoch {epoch + 1}; lower the learning rate or raise the regularization");
    }

    /// <summary>A copy of what is trained so far.</summary>
    internal LmfModel Snapshot(Dataset data) => new(
        _options,
        data.Users,
        data.Items,
        _interactions,
        Users.Copy(),
        Items.Copy(),
        ModelFacts.OfTraining(_options.Algorithm, LmfAlgorithm.ToJson(_options), data, 0));

    /// <summary>The clicks in the order of the last epoch where there is one block: user and place in the matrix.</summary>
    internal IEnumerable<(int User, int Element)> Order() => _blocks == 1
        ? _sorted.Select(c => (c.User, c.Element))
        : throw new InvalidOperationException("blocks have no order among them");

    public void Dispose()
    {
        Users.Dispose();
        Items.Dispose();
    }

    private double RunStratum(LmfStep step, int userBlock, int itemBlock, bool first, ulong key)
    {
        int at = (userBlock * (_blocks + 1)) + itemBlock;
        var clicks = _sorted.AsSpan(_strataStart[at].._strataStart[at + 1]);
        var columns = _interactions.AllColumns;
        var values = _interactions.AllValues;
        var sampler = _samplers[itemBlock];
        if (first && _options.Negatives.Source == NegativeBase.InBatch)
        {
            // So that the first clicks have others beside them.
            foreach (var click in clicks[..Math.Min(clicks.Length, _options.Negatives.Window)])
            {
                sampler.Clicked(columns[click.Element]);
            }
        }

        double loss = 0;
        foreach (var click in clicks)
        {
            int item = columns[click.Element];
            float weight = values.IsEmpty ? 1 : values[click.Element];
            loss += step.Learn(
                Users.Row(click.User),
                item,
                weight,
                _interactions.Row(click.User),
                sampler,
                CounterRandom.Derive(key, (ulong)click.Element));
            if (weight > 0)
            {
                sampler.Clicked(item);
            }
        }

        return loss;
    }

    // Users in random order, cut where the clicks before reach each V-th part.
    private Click[] CollectClicks(out double totalWeight)
    {
        var order = new int[_interactions.Rows];
        Shuffle(order, CounterRandom.Derive(LmfKeys.Users(_options.Seed), ulong.MaxValue));
        var clicks = new List<Click>((int)_interactions.Count);
        var values = _interactions.AllValues;
        int block = 0;
        long seen = 0;
        totalWeight = 0;
        foreach (int user in order)
        {
            while (seen * _blocks >= _interactions.Count * (block + 1L) && block + 1 < _blocks)
            {
                _blockStart[++block] = clicks.Count;
            }

            seen += _interactions.RowLength(user);
            for (long e = _interactions.Offsets[user]; e < _interactions.Offsets[user + 1]; e++)
            {
                float weight = values.IsEmpty ? 1 : values[(int)e];
                if (weight != 0)
                {
                    clicks.Add(new Click(user, (int)e));
                    totalWeight += _options.LossWeight(weight);
                }
            }
        }

        while (block < _blocks)
        {
            _blockStart[++block] = clicks.Count;
        }

        return [.. clicks];
    }

    private void CutItems(ulong key)
    {
        Shuffle(_itemOrder, key);
        for (int b = 0; b < _blocks; b++)
        {
            int start = (int)((long)_itemOrder.Length * b / _blocks);
            int end = (int)((long)_itemOrder.Length * (b + 1) / _blocks);
            int[] items = _itemOrder[start..end];
            Array.Sort(items);
            _itemsOfBlock[b] = items;
            foreach (int item in items)
            {
                _blockOfItem[item] = b;
            }
        }
    }

    private void PrepareBlock(int block, ulong key)
    {
        _samplers[block] = _options.Negatives.CreateFixed(_counts, _itemsOfBlock[block]);

        var clicks = _clicks.AsSpan(_blockStart[block].._blockStart[block + 1]);
        var columns = _interactions.AllColumns;
        var starts = _strataStart.AsSpan(block * (_blocks + 1), _blocks + 1);
        starts.Clear();
        foreach (var click in clicks)
        {
            starts[_blockOfItem[columns[click.Element]]]++;
        }

        int at = _blockStart[block];
        for (int b = 0; b <= _blocks; b++)
        {
            (starts[b], at) = (at, at + starts[b]);
        }

        foreach (var click in clicks)
        {
            _sorted[starts[_blockOfItem[columns[click.Element]]]++] = click;
        }

        for (int b = _blocks; b > 0; b--)
        {
            starts[b] = starts[b - 1];
        }

        starts[0] = _blockStart[block];
        for (int b = 0; b < _blocks; b++)
        {
            var stratum = _sorted.AsSpan(starts[b]..starts[b + 1]);
            ulong stratumKey = CounterRandom.Derive(key, ((ulong)block << 32) | (uint)b);
            for (int i = stratum.Length - 1; i > 0; i--)
            {
                int j = (int)CounterRandom.Below(CounterRandom.At(stratumKey, (ulong)i), (ulong)i + 1);
                (stratum[i], stratum[j]) = (stratum[j], stratum[i]);
            }
        }
    }

    private static void Shuffle(int[] order, ulong key)
    {
        for (int i = 0; i < order.Length; i++)
        {
            int j = (int)CounterRandom.Below(CounterRandom.At(key, (ulong)i), (ulong)i + 1);
            order[i] = order[j];
            order[j] = i;
        }
    }

    private readonly record struct Click(int User, int Element);
}
