using Recsys.Engine.Compute;
using Recsys.Engine.Data;
using Recsys.Engine.Numerics;

namespace Recsys.Engine.Als;

/// <summary>Both sides' partitions in this process, over a data set.</summary>
internal sealed class LocalSides : IDisposable
{
    private readonly FactorHost _host;
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
    public LocalSides(
        Dataset data,
        AlsOptions options,
        ComputePool pool,
        SimdLevel? level = null,
        int maxRows = int.MaxValue,
        Func<IFactorPartition, IFactorPartition>? wire = null)
    {
        _factors = options.Factors;
        _host = new FactorHost(options, pool, level ?? Simd.Best);
        _userOrder = RowOrder.Of(data.Users);
        _itemOrder = RowOrder.Of(data.Items);
        var userRows = PartitionRows.Cut(
            data.Interactions.Transpose(), _userOrder, _itemOrder, data.Users, options.Partitions, "user");
        var itemRows = PartitionRows.Cut(data.Interactions, _itemOrder, _userOrder, data.Items, options.Partitions, "item");

        var userOwners = new IFactorPartition[VirtualBlocks.Count];
        var itemOwners = new IFactorPartition[VirtualBlocks.Count];
        var userSource = new FactorSource(_factors, BlockRows(_userOrder), userOwners, maxRows);
        var itemSource = new FactorSource(_factors, BlockRows(_itemOrder), itemOwners, maxRows);
        _users = [.. userRows.Select(rows => new FactorPartition(_host, rows, itemSource))];
        _items = [.. itemRows.Select(rows => new FactorPartition(_host, rows, userSource))];
        Users = [.. _users.Select(p => wire?.Invoke(p) ?? p)];
        Items = [.. _items.Select(p => wire?.Invoke(p) ?? p)];
        Own(userRows, Users, userOwners);
        Own(itemRows, Items, itemOwners);
        Problem = new AlsProblem(data.Users.Count, data.Items.Count, Sample(userRows), Sample(itemRows));
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
        _host.Dispose();
    }

    private static int[] BlockRows(RowOrder order) =>
        [.. Enumerable.Range(0, VirtualBlocks.Count).Select(b => order.BlockStarts[b + 1] - order.BlockStarts[b])];

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

    private DenseMatrix Collect(IReadOnlyList<IFactorPartition> partitions, RowOrder order)
    {
        var factors = new DenseMatrix(order.Indices.Length, _factors);
        for (int block = 0; block < VirtualBlocks.Count; block++)
        {
            int owner = 0;
            while (VirtualBlocks.FirstBlock(owner + 1, partitions.Count) <= block)
            {
                owner++;
            }

            var rows = partitions[owner].GetFactorsAsync(block, 0, int.MaxValue, default).AsTask().GetAwaiter().GetResult();
            for (int r = 0; r < rows.Rows; r++)
            {
                rows.Row(r).CopyTo(factors.Row(order.Indices[order.BlockStarts[block] + r]));
            }
        }

        return factors;
    }
}
