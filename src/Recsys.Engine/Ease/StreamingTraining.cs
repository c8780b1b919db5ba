using Recsys.Engine.Compute;
using Recsys.Engine.Data;
using Recsys.Engine.Numerics;

namespace Recsys.Engine.Ease;

/// <summary>P from histories or from B.</summary>
internal static class StreamingTraining
{
    /// <summary>(XᵀX + λI)⁻¹.</summary>
    public static DenseMatrix Invert(
        SparseMatrix histories, double regularization, ComputePool pool, IProgress<TrainingProgress>? progress, CancellationToken cancellationToken)
    {
        var matrix = new DenseMatrix(histories.Columns, histories.Columns);
        try
        {
            if (histories.Columns > 0)
            {
                EaseTrainer.ComputeGram(histories, matrix, new EaseDiagonal(regularization), new EaseOptions().Partitions, pool, progress, cancellationToken);
                SpdInverse.Invert(matrix, pool, progress, cancellationToken);
            }

            return matrix;
        }
        catch
        {
            matrix.Dispose();
            throw;
        }
    }

    /// <summary>P_ij = −B_ij P_jj, the lower triangle, mirrored.</summary>
    public static DenseMatrix FromWeights(EaseWeights weights)
    {
        var b = weights.Dense!;
        int n = b.Rows;
        var p = new DenseMatrix(n, n);
        for (int i = 0; i < n; i++)
        {
            var row = b.Row(i);
            for (int j = 0; j < i; j++)
            {
                p[i, j] = p[j, i] = -row[j] * weights.InverseDiagonal[j];
            }

            p[i, i] = weights.InverseDiagonal[i];
        }

        return p;
    }

    /// <summary>Rows as users × items.</summary>
    public static SparseMatrix ToMatrix(ReadOnlySpan<StreamingRow> rows, int users, int items)
    {
        var offsets = new long[users + 1];
        bool ones = true;
        for (int u = 0; u < users; u++)
        {
            int length = u < rows.Length ? rows[u].Items.Length : 0;
            offsets[u + 1] = offsets[u] + length;
            ones &= length == 0 || !rows[u].Weights.AsSpan().ContainsAnyExcept(1f);
        }

        var columns = new int[offsets[users]];
        var values = ones ? null : new float[offsets[users]];
        for (int u = 0; u < Math.Min(users, rows.Length); u++)
        {
            rows[u].Items.CopyTo(columns, offsets[u]);
            if (values is not null)
            {
                rows[u].Weights.CopyTo(values, offsets[u]);
            }
        }

        return new SparseMatrix(users, items, offsets, columns, values);
    }
}
