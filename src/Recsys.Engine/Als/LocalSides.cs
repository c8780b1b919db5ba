using Recsys.Engine.Compute;
using Recsys.Engine.Data;
using Recsys.Engine.Numerics;

namespace Recsys.Engine.Als;

/// <summary>Both sides' partitions in this process, over a data set.</summary>
internal sealed class LocalSides : IDisposable
{
    private readonly FactorHost _host;
    private readonly FactorSource _userSource;
    private readonly FactorSource _itemSource;
    private readonly RowOrder _userOrder;
    private readonly RowOrder _itemOrder;
    private readonly int _factors;
    private readonly FactorPartition[] _users;
    private readonly FactorPartition[] _items;

    /// <param name="data">Users, items, interactions.</param>
    /// <param name="options">Training options.</param>
    /// <param name="pool">Threads.</param>
    /// <param name="level">Vector width; not given: the widest.</param>
    /// <param name="maxRows">Most rows fetched in one call.</param>
    /// <param name="wire">What stands between a partition and those that call it; not given: nothing.</param>
    /// <param name="wrap">What stands before a thread's solver; not given: nothing.</param>
    public LocalSides(
        Dataset data,
        AlsOptions options,
        ComputePool pool,
        SimdLevel? level = null,
        int maxRows = int.MaxValue,
        Func<IFactorPartition, IFactorPartition>? wire = null,
        Func<IRowSolver, IRowSolver>? wrap = null)
        : this(LocalRows.Cut(data, options.Partitions), options, pool, level, maxRows, wire, wrap)
    {
    }

    /// <summary>Sides over rows that others may use too.</summary>
    public LocalSides(
        LocalRows rows,
        AlsOptions options,
        ComputePool pool,
        SimdLevel? level = null,
        int maxRows = int.MaxValue,
        Func<IFactorPartition, IFactorPartition>? wire = null,
        Func<IRowSolver, IRowSolver>? wrap = null)
    {
        _factors = options.Factors;
        _host = new FactorHost(options, pool, level ?? Simd.Best, wrap);
        (_userOrder, _itemOrder) = (rows.UserOrder, rows.ItemOrder);
        var (userRows, itemRows) = (rows.Users, rows.Items);

        var userOwners = new IFactorPartition[VirtualBlocks.Count];
        var itemOwners = new IFactorPartition[VirtualBlocks.Count];
        _userSource = new FactorSource(_factors, _userOrder.BlockRows, userOwners, maxRows);
        _itemSource = new FactorSource(_factors, _itemOrder.BlockRows, itemOwners, maxRows);
        _users = [.. userRows.Select(rows => new FactorPartition(_host, rows, _itemSource))];
        _items = [.. itemRows.Select(rows => new FactorPartition(_host, rows, _userSource))];
        Users = [.. _users.Select(p => wire?.Invoke(p) ?? p)];
        Items = [.. _items.Select(p => wire?.Invoke(p) ?? p)];
        Own(userRows, Users, userOwners);
        Own(itemRows, Items, itemOwners);
        Problem = new AlsProblem(_userOrder.Indices.Length, _itemOrder.Indices.Length, Sample(userRows), Sample(itemRows));
    }

    public IReadOnlyList<IFactorPartition> Users { get; }

    public IReadOnlyList<IFactorPartition> Items { get; }

    public AlsProblem Problem { get; }

    public FactorHost Host => _host;

    /// <summary>All user factors in the order of the data set.</summary>
    public DenseMatrix CollectUsers() => Collect(Users, _userOrder);

    /// <summary>All item factors in the order of the data set.</summary>
    public DenseMatrix CollectItems() => Collect(Items, _itemOrder);

    public void Dispose()
    {
        Array.ForEach(_users, p => p.Dispose());
        Array.ForEach(_items, p => p.Dispose());
        _userSource.Dispose();
        _itemSource.Dispose();
        _host.Dispose();
    }

    /// <summary>A copy of all factors between two iterations: users' as of phase 2·completed − 1, items' of 2·completed.</summary>
    public FactorSnapshot Snapshot(int completed) =>
        new(completed, Copy(Users, _userOrder, (2 * completed) - 1), Copy(Items, _itemOrder, 2 * completed));

    /// <summary>Goes back to a copy: training goes on from it as if it had never stopped.</summary>
    public void Restore(FactorSnapshot snapshot)
    {
        Put(Users, snapshot.Users);
        Put(Items, snapshot.Items);
    }

    private static void Own(PartitionRows[] rows, IReadOnlyList<IFactorPartition> partitions, IFactorPartition[] owners)
    {
        for (int p = 0; p < rows.Length; p++)
        {
            Array.Fill(owners, partitions[p], rows[p].FirstBlock, rows[p].EndBlock - rows[p].FirstBlock);
        }
    }

    private static string Sample(PartitionRows[] rows)
    {
        foreach (var part in rows)
        {
            for (int row = 0; row < part.Count; row++)
            {
                if (part.RowLength(row) > 0)
                {
                    return part.Id(row);
                }
            }
        }

        return "";
    }

    private static FactorBlock[] Copy(IReadOnlyList<IFactorPartition> partitions, RowOrder order, int phase)
    {
        int[] blockRows = order.BlockRows;
        var blocks = new FactorBlock[VirtualBlocks.Count];
        for (int block = 0; block < blocks.Length; block++)
        {
            var rows = Owner(partitions, block).GetFactorsAsync(block, 0, blockRows[block], default).AsTask().GetAwaiter().GetResult();
            blocks[block] = FactorBlock.Copy(phase, block, 0, rows.Rows, rows.Factors, rows.ToArray());
        }

        return blocks;
    }

    private static void Put(IReadOnlyList<IFactorPartition> partitions, FactorBlock[] blocks)
    {
        foreach (var block in blocks)
        {
            Owner(partitions, block.Block).PutFactorsAsync(block, default).AsTask().GetAwaiter().GetResult();
        }
    }

    private static IFactorPartition Owner(IReadOnlyList<IFactorPartition> partitions, int block) =>
        partitions[VirtualBlocks.PartitionOf(block, partitions.Count)];

    private DenseMatrix Collect(IReadOnlyList<IFactorPartition> partitions, RowOrder order) => FactorCollection.CollectAsync(
        partitions, order.BlockRows, phase: null, order.Indices, _factors, int.MaxValue, default).GetAwaiter().GetResult();
}
