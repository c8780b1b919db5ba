using Recsys.Engine.Data;

namespace Recsys.Engine.Ease.Distributed;

/// <summary>
/// Columns of the lower triangle of XᵀX + Λ. Products are added in the order of users, as <see cref="GramPartition"/> adds
/// those of rows: each element is the same bits.
/// </summary>
internal static unsafe class GramColumns
{
    /// <summary>
    /// Column <paramref name="j"/> from the diagonal down: target[i] for i ≥ j. The target is zero there before.
    /// </summary>
    public static void Add(SparseMatrix users, SparseMatrix items, int j, EaseDiagonal diagonal, float* target)
    {
        var itemUsers = items.Row(j);
        var itemWeights = items.RowValues(j);
        for (int e = 0; e < itemUsers.Length; e++)
        {
            // A history names an item once, and j is in it: from its end back to j.
            var history = users.Row(itemUsers[e]);
            if (itemWeights.IsEmpty)
            {
                for (int h = history.Length - 1; h >= 0 && history[h] >= j; h--)
                {
                    target[history[h]] += 1;
                }
            }
            else
            {
                var weights = users.RowValues(itemUsers[e]);
                float weight = itemWeights[e];
                for (int h = history.Length - 1; h >= 0 && history[h] >= j; h--)
                {
                    target[history[h]] += weights[h] * weight;
                }
            }
        }

        target[j] = diagonal.Add(target[j]);
    }
}
