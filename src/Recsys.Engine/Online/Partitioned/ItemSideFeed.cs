using Recsys.Engine.Als;

namespace Recsys.Engine.Online.Partitioned;

/// <summary>
/// Tells the item partitions what events changed, in micro-batches. An item partition that does not answer is told later,
/// then of everything that changed meanwhile; one that lost its state is told everything. One flush at a time.
/// </summary>
internal sealed class ItemSideFeed
{
    private readonly OnlineState _state;
    private readonly int _source;
    private readonly Target[] _targets;

    public ItemSideFeed(OnlineState state, int source, IReadOnlyList<IItemSide> targets)
    {
        _state = state;
        _source = source;
        _targets = [.. targets.Select(t => new Target(t))];
        state.TouchedItems = [];
    }

    /// <summary>Position up to which every item partition is told.</summary>
    public long Told => _targets.Min(t => t.Told);

    /// <summary>Tells what has changed; returns whether every item partition has heard it.</summary>
    /// <param name="ask">Also talk to those for whom there is nothing new, to learn whether they still know what they were told.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    public async Task<bool> FlushAsync(bool ask, CancellationToken cancellationToken)
    {
        var batches = _state.Read(s => Collect(s, ask));
        bool[] heard = await Task.WhenAll(_targets.Select((t, i) => TellAsync(t, batches[i], cancellationToken))).ConfigureAwait(false);
        return heard.All(h => h);
    }

    private ItemSideBatch?[] Collect(OnlineState state, bool ask)
    {
        long landmark = state.Popularity.Landmark ?? 0;
        var touched = state.TouchedItems!;
        if (touched.Count > 0)
        {
            state.TouchedItems = [];
            foreach (int item in touched)
            {
                _targets[PartitionOf(state, item)].Pending.Add(item);
            }
        }

        var batches = new ItemSideBatch?[_targets.Length];
        for (int t = 0; t < batches.Length; t++)
        {
            var target = _targets[t];
            if (target.Told < 0 || target.Landmark != landmark)
            {
                target.Pending.Clear();
                for (int item = 0; item < state.ItemIds.Count; item++)
                {
                    if (PartitionOf(state, item) == t)
                    {
                        target.Pending.Add(item);
                    }
                }

                target.Told = 0;
                target.Landmark = landmark;
            }

            if (target.Pending.Count > 0 || (ask && target.Told > 0))
            {
                batches[t] = Batch(state, target, landmark);
            }
        }

        return batches;
    }

    private ItemSideBatch Batch(OnlineState state, Target target, long landmark)
    {
        int[] items = [.. target.Pending.Order()];
        var masses = state.Popularity.Masses;
        double[] shares = new double[items.Length];
        for (int i = 0; i < items.Length; i++)
        {
            shares[i] = masses[items[i]];
        }

        return new ItemSideBatch(
            _source,
            target.Told,
            state.Position,
            landmark,
            Array.ConvertAll(items, i => state.ItemIds[i]),
            Array.ConvertAll(items, i => state.ItemUsers[i]),
            shares);
    }

    private static int PartitionOf(OnlineState state, int item, int partitions) =>
        VirtualBlocks.PartitionOf(VirtualBlocks.BlockOf(VirtualBlocks.Hash(state.ItemIds.Utf8(item))), partitions);

    private int PartitionOf(OnlineState state, int item) => PartitionOf(state, item, _targets.Length);

    private static async Task<bool> TellAsync(Target target, ItemSideBatch? batch, CancellationToken cancellationToken)
    {
        if (batch is null)
        {
            return true;
        }

        long known;
        try
        {
            known = await target.Side.ApplyAsync(batch, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
        {
            // It may have heard or not; either way it is told the same, and more, next time.
            return false;
        }

        if (known < batch.From)
        {
            target.Told = -1;
            return false;
        }

        // Nothing is collected while a flush is on its way: what is pending is what was sent.
        target.Pending.Clear();
        target.Told = batch.To;
        return true;
    }

    private sealed class Target(IItemSide side)
    {
        public IItemSide Side { get; } = side;

        /// <summary>Items it has to be told of.</summary>
        public HashSet<int> Pending { get; } = [];

        /// <summary>Position of the last batch it has; −1: it has to be told everything.</summary>
        public long Told { get; set; } = -1;

        public long Landmark { get; set; }
    }
}
