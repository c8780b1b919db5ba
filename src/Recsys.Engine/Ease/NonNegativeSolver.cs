using Recsys.Engine.Compute;
using Recsys.Engine.Numerics;
using Recsys.Engine.Slim;

namespace Recsys.Engine.Ease;

/// <summary>
/// EASE under B ≥ 0 (Steck 2019, §4.5): for each column j, minimise ½ bᵀGb − G_jᵀb over b ≥ 0, b_j = 0. That is SLIM
/// without its ℓ1 penalty, Λ being on the diagonal of G; solved as SLIM is, to a finer tolerance.
/// </summary>
internal static class NonNegativeSolver
{
    private const int MaximumSweeps = 10_000;
    private const float Tolerance = 1e-5f;

    /// <summary>
    /// Solves all columns.
    /// </summary>
    /// <param name="gram">G = XᵀX + Λ, lower triangle read; the upper one is filled in.</param>
    /// <param name="pool">Threads, one column each at a time.</param>
    /// <param name="progress">Told of the columns done.</param>
    /// <param name="cancellationToken">Stops between columns.</param>
    /// <returns>B, n × n, non-negative, zero diagonal.</returns>
    public static DenseMatrix Solve(
        DenseMatrix gram, ComputePool pool, IProgress<TrainingProgress>? progress, CancellationToken cancellationToken)
    {
        int n = gram.Rows;
        var weights = new DenseMatrix(n, n);
        try
        {
            // All coordinates are candidates: with negative interaction weights no element of G rules one out.
            var penalty = new ElasticNetPenalty(0, 0, NonNegative: true, MaximumSweeps, Tolerance);
            ElasticNetColumns.Solve(
                new DenseGramRows(gram, pool),
                penalty,
                pool,
                (_, j, items, values) =>
                {
                    for (int e = 0; e < items.Length; e++)
                    {
                        weights.Row(items[e])[j] = values[e];
                    }
                },
                progress,
                cancellationToken);
            return weights;
        }
        catch
        {
            weights.Dispose();
            throw;
        }
    }
}
