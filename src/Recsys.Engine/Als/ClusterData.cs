using Recsys.Engine.Data;

namespace Recsys.Engine.Als;

/// <summary>A whole data set, read from the blocks of a <see cref="ClusterDataset"/>.</summary>
/// <param name="Data">It, as it was stored: same order of ids, same interactions.</param>
/// <param name="ByItem">The transpose of its interactions, items × users.</param>
/// <param name="Fingerprint">Its <see cref="Dataset.Fingerprint"/>, which was stored with it.</param>
public sealed record ClusterData(Dataset Data, SparseMatrix ByItem, string Fingerprint)
{
    /// <summary>Place of each row of users, in the order of blocks and of rows in them.</summary>
    internal int[] UserRows { get; private init; } = [];

    /// <summary>Place of each row of items, likewise.</summary>
    internal int[] ItemRows { get; private init; } = [];

    /// <summary>Puts the blocks of both sides together; of the items' blocks only the ids count.</summary>
    internal static ClusterData Join(ClusterDatasetFacts facts, InteractionBlock[] users, InteractionBlock[] items)
    {
        var userPlaces = Places(users, facts.Users);
        var byItem = ByItems(facts, userPlaces, items);
        var data = new Dataset(Ids(userPlaces), Ids(Places(items, facts.Items)), byItem.Transpose()) { Name = facts.Source };
        return new ClusterData(data, byItem, facts.Fingerprint)
        {
            UserRows = [.. users.SelectMany(b => b.Indices)],
            ItemRows = [.. items.SelectMany(b => b.Indices)],
        };
    }

    private static (InteractionBlock Block, int Row)[] Places(InteractionBlock[] blocks, int count)
    {
        var places = new (InteractionBlock, int)[count];
        foreach (var block in blocks)
        {
            for (int r = 0; r < block.Rows; r++)
            {
                places[block.Indices[r]] = (block, r);
            }
        }

        return places;
    }

    private static IdTable Ids((InteractionBlock Block, int Row)[] places)
    {
        var ids = new IdTable();
        foreach (var (block, row) in places)
        {
            ids.GetOrAdd(block.Utf8(row));
        }

        return ids.Count == places.Length ? ids : throw new RecsysException($"data set: {ids.Count} ids where {places.Length} were expected");
    }

    /// <summary>The interactions by item; codes are in the order of training, and transposing sorts them.</summary>
    private static SparseMatrix ByItems(ClusterDatasetFacts facts, (InteractionBlock Block, int Row)[] users, InteractionBlock[] items)
    {
        var offsets = new long[users.Length + 1];
        for (int user = 0; user < users.Length; user++)
        {
            offsets[user + 1] = offsets[user] + users[user].Block.Row(users[user].Row).Length;
        }

        var columns = new int[offsets[^1]];
        var values = facts.Weighted ? new float[columns.Length] : null;
        for (int user = 0; user < users.Length; user++)
        {
            var (block, row) = users[user];
            int start = (int)offsets[user];
            var codes = block.Row(row);
            for (int e = 0; e < codes.Length; e++)
            {
                columns[start + e] = items[codes[e] >> RowCode.LocalBits].Indices[codes[e] & RowCode.LocalMask];
            }

            if (values is not null)
            {
                block.Weights(row).CopyTo(values.AsSpan(start));
            }
        }

        return SparseMatrix.Transpose(facts.Users, facts.Items, offsets, columns, values);
    }
}
