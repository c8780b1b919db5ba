namespace Recsys.Engine.Ease.Distributed;

/// <summary>
/// Who owns which block columns: dealt out in rounds, each the other way round than the one before, so that everybody has
/// long columns (of the first blocks) and short ones alike. A partition keeps its columns side by side, in ascending order.
/// </summary>
public sealed class EaseLayout
{
    private readonly int[][] _owned;
    private readonly int[] _place;

    /// <summary>The layout of a plan.</summary>
    public EaseLayout(EasePlan plan)
    {
        ArgumentNullException.ThrowIfNull(plan);
        Items = plan.Items;
        Block = plan.Block;
        Partitions = plan.Partitions;
        Chunks = (Items + Block - 1) / Block;
        var owned = new List<int>[Partitions];
        for (int p = 0; p < Partitions; p++)
        {
            owned[p] = [];
        }

        _place = new int[Chunks];
        for (int chunk = 0; chunk < Chunks; chunk++)
        {
            var list = owned[OwnerOf(chunk)];
            _place[chunk] = list.Count;
            list.Add(chunk);
        }

        _owned = [.. owned.Select(list => list.ToArray())];
    }

    /// <summary>n.</summary>
    public int Items { get; }

    /// <summary>Columns of a block.</summary>
    public int Block { get; }

    /// <summary>Number of partitions.</summary>
    public int Partitions { get; }

    /// <summary>Number of block columns; the last may be narrower.</summary>
    public int Chunks { get; }

    /// <summary>The partition that owns a block column.</summary>
    public int OwnerOf(int chunk)
    {
        int round = chunk / Partitions, place = chunk % Partitions;
        return (round & 1) == 0 ? place : Partitions - 1 - place;
    }

    /// <summary>Rows (or columns) of a block row (or column).</summary>
    public int Width(int chunk) => Math.Min(Block, Items - (chunk * Block));

    /// <summary>The block columns of a partition, ascending.</summary>
    public ReadOnlySpan<int> Owned(int partition) => _owned[partition];

    /// <summary>Number of columns of a partition.</summary>
    public int Columns(int partition)
    {
        var owned = _owned[partition];
        return owned.Length == 0 ? 0 : ((owned.Length - 1) * Block) + Width(owned[^1]);
    }

    /// <summary>Where a block column starts among its owner's columns.</summary>
    public int LocalColumn(int chunk) => _place[chunk] * Block;

    /// <summary>Number of block columns of a partition that are less than <paramref name="chunk"/>.</summary>
    public int OwnedBefore(int partition, int chunk)
    {
        int at = Array.BinarySearch(_owned[partition], chunk);
        return at < 0 ? ~at : at;
    }

    /// <summary>
    /// The block rows of the panel of a pivot that a partition hands out, ascending: those of its own columns before the
    /// pivot and, of the pivot's owner, all after it.
    /// </summary>
    public int[] PanelOf(int partition, int pivot)
    {
        var owned = _owned[partition].AsSpan(0, OwnedBefore(partition, pivot));
        return OwnerOf(pivot) == partition ? [.. owned, .. Enumerable.Range(pivot + 1, Chunks - pivot - 1)] : owned.ToArray();
    }

    /// <summary>The items (global column numbers) of a partition, ascending.</summary>
    public int[] ItemsOf(int partition)
    {
        var items = new int[Columns(partition)];
        int at = 0;
        foreach (int chunk in _owned[partition])
        {
            for (int c = 0; c < Width(chunk); c++)
            {
                items[at++] = (chunk * Block) + c;
            }
        }

        return items;
    }
}
