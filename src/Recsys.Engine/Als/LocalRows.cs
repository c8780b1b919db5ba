using Recsys.Engine.Data;

namespace Recsys.Engine.Als;

/// <summary>A data set's interactions as the partitions of both sides take them. Never written: any number of trainings may share it.</summary>
internal sealed record LocalRows(RowOrder UserOrder, RowOrder ItemOrder, PartitionRows[] Users, PartitionRows[] Items)
{
    /// <summary>Cuts a data set into partitions.</summary>
    public static LocalRows Cut(Dataset data, int partitions)
    {
        var byItem = data.Interactions.Transpose();
        var (users, items) = RowOrder.Of(data, byItem);
        return new LocalRows(
            users,
            items,
            PartitionRows.Cut(byItem, users, items, data.Users, partitions, "user"),
            PartitionRows.Cut(data.Interactions, items, users, data.Items, partitions, "item"));
    }
}
