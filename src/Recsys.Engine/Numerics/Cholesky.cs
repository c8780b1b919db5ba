using Recsys.Engine.Compute;

namespace Recsys.Engine.Numerics;

/// <summary>
/// Cholesky factorisation A = L·Lᵀ of symmetric positive definite matrices in place, n³/3 flops, and the solution of
/// systems with it. Recursive halving: nearly all work is matrix products.
/// </summary>
public static unsafe class Cholesky
{
    /// <summary>
    /// Replaces the lower triangle of <paramref name="a"/> by L. What stands above the diagonal is neither read nor
    /// written. The bits do not depend on the number of threads.
    /// </summary>
    /// <exception cref="RecsysException">The matrix is empty or not square.</exception>
    /// <exception cref="NotPositiveDefiniteException">A pivot is not positive or not finite.</exception>
    public static void Factor(
        DenseMatrix a, ComputePool? pool = null, IProgress<TrainingProgress>? progress = null, CancellationToken cancellationToken = default) =>
        Factor(a, pool, Simd.Best, progress, cancellationToken);

    /// <summary>Replaces B (n × m) by A⁻¹·B, where <paramref name="factor"/> holds L of <see cref="Factor(DenseMatrix, ComputePool?, IProgress{TrainingProgress}?, CancellationToken)"/>.</summary>
    /// <exception cref="RecsysException">The shapes do not fit.</exception>
    public static void Solve(DenseMatrix factor, MatrixView b, ComputePool? pool = null, CancellationToken cancellationToken = default) =>
        Solve(factor, b, pool, Simd.Best, cancellationToken);

    internal static void Factor(
        DenseMatrix a, ComputePool? pool, SimdLevel level, IProgress<TrainingProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(a);
        if (a.Rows != a.Columns || a.Rows == 0)
        {
            throw new RecsysException($"Cholesky: a square matrix is expected, not {a.Rows} x {a.Columns}");
        }

        Factor(a, 0, a.Rows, pool, level, progress, cancellationToken);
        GC.KeepAlive(a);
    }

    internal static void Solve(DenseMatrix factor, MatrixView b, ComputePool? pool, SimdLevel level, CancellationToken cancellationToken = default)
    {
        TriangularSolve.SolveLower(factor, b, false, pool, level, cancellationToken);
        TriangularSolve.SolveLower(factor, b, true, pool, level, cancellationToken);
        GC.KeepAlive(factor);
    }

    private static void Factor(
        MatrixView a, int firstRow, int total, ComputePool? pool, SimdLevel level, IProgress<TrainingProgress>? progress, CancellationToken cancellationToken)
    {
        if (a.Rows <= TriangularSolve.Base)
        {
            cancellationToken.ThrowIfCancellationRequested();
            FactorBlock(a, firstRow);
            progress?.Report(new TrainingProgress("cholesky", firstRow + a.Rows, total));
            return;
        }

        int half = TriangularSolve.Half(a.Rows);
        int rest = a.Rows - half;
        var corner = a.Slice(0, 0, half, half);
        var below = a.Slice(half, 0, rest, half);
        var trailing = a.Slice(half, half, rest, rest);
        Factor(corner, firstRow, total, pool, level, progress, cancellationToken);
        TriangularSolve.SolveRightTransposed(corner, below, pool, level, cancellationToken);
        Gemm.SymmetricMultiply(-1, below, 1, trailing, pool, level, cancellationToken);
        Factor(trailing, firstRow + half, total, pool, level, progress, cancellationToken);
    }

    private static void FactorBlock(MatrixView a, int firstRow)
    {
        const int Width = TriangularSolve.Base;
        double* l = stackalloc double[Width * Width];
        for (int row = 0; row < a.Rows; row++)
        {
            float* source = a.Pointer + (row * a.RowStride);
            double* line = l + (row * Width);
            for (int column = 0; column <= row; column++)
            {
                double sum = source[column];
                double* other = l + (column * Width);
                for (int j = 0; j < column; j++)
                {
                    sum -= line[j] * other[j];
                }

                if (column < row)
                {
                    line[column] = sum / other[column];
                }
                else if (sum > 0 && double.IsFinite(sum))
                {
                    line[row] = Math.Sqrt(sum);
                }
                else
                {
                    throw new NotPositiveDefiniteException(firstRow + (long)row, sum);
                }

                source[column] = (float)line[column];
            }
        }
    }
}
