using Recsys.Engine.Compute;
using Recsys.Engine.Data;
using Recsys.Engine.Numerics;

namespace Recsys.Engine.Ease;

/// <summary>
/// A range of Gram rows in this process: written straight into the shared matrix, row by row on the compute pool.
/// </summary>
/// <param name="users">X, users × items.</param>
/// <param name="items">Xᵀ, items × users.</param>
/// <param name="gram">The n × n matrix to write to.</param>
/// <param name="firstRow">First row owned.</param>
/// <param name="endRow">One past the last row owned.</param>
/// <param name="pool">Threads to compute with.</param>
internal sealed class GramPartition(SparseMatrix users, SparseMatrix items, DenseMatrix gram, int firstRow, int endRow, ComputePool pool)
    : IGramPartition
{
    private const int RowsPerItem = 16;

    /// <inheritdoc/>
    public ValueTask ComputeRowsAsync(EaseDiagonal diagonal, CancellationToken cancellationToken)
    {
        int chunks = (endRow - firstRow + RowsPerItem - 1) / RowsPerItem;
        pool.Run(
            chunks,
            (_, chunk) =>
            {
                int first = firstRow + (chunk * RowsPerItem);
                int end = Math.Min(first + RowsPerItem, endRow);
                for (int row = first; row < end; row++)
                {
                    ComputeRow(row, diagonal);
                }
            },
            cancellationToken);
        return ValueTask.CompletedTask;
    }

    /// <summary>
    /// Row i of the lower triangle: the histories of the users of item i, cut at i, added up in user order. One row
    /// fits the cache, and counts stay exact in float32 up to 2²⁴.
    /// </summary>
    private unsafe void ComputeRow(int i, EaseDiagonal diagonal)
    {
        float* row = gram.RowPointer(i);
        new Span<float>(row, i + 1).Clear();
        var itemUsers = items.Row(i);
        var itemWeights = items.RowValues(i);
        for (int e = 0; e < itemUsers.Length; e++)
        {
            int user = itemUsers[e];
            var history = users.Row(user);
            if (itemWeights.IsEmpty)
            {
                AddOnes(row, history, i);
            }
            else
            {
                AddScaled(row, history, users.RowValues(user), itemWeights[e], i);
            }
        }

        row[i] = diagonal.Add(row[i]);
    }

    private static unsafe void AddOnes(float* row, ReadOnlySpan<int> history, int last)
    {
        foreach (int j in history)
        {
            if (j > last)
            {
                break;
            }

            row[j] += 1;
        }
    }

    private static unsafe void AddScaled(float* row, ReadOnlySpan<int> history, ReadOnlySpan<float> weights, float scale, int last)
    {
        for (int e = 0; e < history.Length && history[e] <= last; e++)
        {
            row[history[e]] += scale * weights[e];
        }
    }
}
