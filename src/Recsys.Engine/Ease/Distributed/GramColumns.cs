using Recsys.Engine.Data;

namespace Recsys.Engine.Ease.Distributed;

/// <summary>
/// Columns of the lower triangle of XᵀX + λI. Products are added in the order of users, as <see cref="GramPartition"/> adds
/// those of rows: each element is the same bits.
/// </summary>
internal static unsafe class GramColumns
{
    /// <summary>
    /// Column <paramref name="j"/> from the diagonal down: target[i] for i ≥ j. The target is zero there before.
    /// </summary>
    public static void Add(SparseMatrix users, SparseMatrix items, int j, float regularization, float* target)
    {
        var itemUsers = items.Row(j);
        var itemWeights = items.RowValues(j);
        for (int e = 0; e < itemUsers.Length; e++)
        {
            var history = users.Row(itemUsers[e]);
            int from = history.BinarySearch(j);
            if (itemWeights.IsEmpty)
            {
                foreach (int i in history[from..])
                {
                    target[i] += 1;
                }
            }
            else
            {
                var weights = users.RowValues(itemUsers[e]);
                float weight = itemWeights[e];
                for (int h = from; h < history.Length; h++)
                {
                    target[history[h]] += weights[h] * weight;
                }
            }
        }

        target[j] += regularization;
    }
}
