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

    /// <summary>
    /// Dealt out to the items in the order of users, interactions lie in order without being sorted; so they do when they are
    /// dealt out to the users again.
    /// </summary>
    private static SparseMatrix ByItems(ClusterDatasetFacts facts, (InteractionBlock Block, int Row)[] users, InteractionBlock[] items)
    {
        var offsets = new long[facts.Items + 1];
        foreach (var (block, row) in users)
        {
            foreach (uint code in block.Row(row))
            {
                offsets[Item(code) + 1]++;
            }
        }

        for (int i = 0; i < facts.Items; i++)
        {
            offsets[i + 1] += offsets[i];
        }

        long[] next = offsets[..facts.Items];
        var columns = new int[offsets[^1]];
        var values = facts.Weighted ? new float[offsets[^1]] : null;
        for (int user = 0; user < users.Length; user++)
        {
            var (block, row) = users[user];
            var codes = block.Row(row);
            var weights = block.Weights(row);
            for (int e = 0; e < codes.Length; e++)
            {
                long to = next[Item(codes[e])]++;
                columns[to] = user;
                if (values is not null)
                {
                    values[to] = weights[e];
                }
            }
        }

        return new SparseMatrix(facts.Items, facts.Users, offsets, columns, values);

        int Item(uint code) => items[code >> RowCode.LocalBits].Indices[code & RowCode.LocalMask];
    }
}
