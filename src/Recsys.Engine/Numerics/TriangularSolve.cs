using Recsys.Engine.Compute;

namespace Recsys.Engine.Numerics;

/// <summary>
/// Triangular systems with many right-hand sides, in place. Recursive halving down to blocks of <see cref="Base"/>
/// rows, whose triangles are inverted in double precision, so that nearly all work is matrix products.
/// </summary>
public static unsafe class TriangularSolve
{
    internal const int Base = 64;

    /// <summary>
    /// Replaces B by L⁻¹·B, or by L⁻ᵀ·B where <paramref name="transposed"/>. L is n × n; only its lower triangle is
    /// read. B is n × m, row-major.
    /// </summary>
    /// <exception cref="RecsysException">The shapes do not fit or a diagonal element is zero or not finite.</exception>
    public static void SolveLower(
        MatrixView l, MatrixView b, bool transposed = false, ComputePool? pool = null, CancellationToken cancellationToken = default) =>
        SolveLower(l, b, transposed, pool, Simd.Best, cancellationToken);

    internal static void SolveLower(
        MatrixView l, MatrixView b, bool transposed, ComputePool? pool, SimdLevel level, CancellationToken cancellationToken = default)
    {
        if (l.Rows != l.Columns || l.Rows != b.Rows || b.ColumnStride != 1)
        {
            throw new RecsysException($"triangular solve: {l.Rows} x {l.Columns} does not fit {b.Rows} x {b.Columns} row-major");
        }

        if (b.Columns > 0)
        {
            Left(l, b, transposed, pool, level, cancellationToken);
        }
    }

    /// <summary>Replaces B (m × n) by B·L⁻ᵀ: what the panel below a Cholesky block needs.</summary>
    internal static void SolveRightTransposed(
        MatrixView l, MatrixView b, ComputePool? pool, SimdLevel level, CancellationToken cancellationToken)
    {
        if (l.Rows <= Base)
        {
            float* inverse = stackalloc float[Base * Base];
            var small = InvertBlock(l, inverse);
            Gemm.Multiply(1, b, small.Transposed, 0, b, pool, level, cancellationToken);
            return;
        }

        int half = Half(l.Rows);
        int rest = l.Rows - half;
        var first = b.Slice(0, 0, b.Rows, half);
        var second = b.Slice(0, half, b.Rows, rest);
        SolveRightTransposed(l.Slice(0, 0, half, half), first, pool, level, cancellationToken);
        Gemm.Multiply(-1, first, l.Slice(half, 0, rest, half).Transposed, 1, second, pool, level, cancellationToken);
        SolveRightTransposed(l.Slice(half, half, rest, rest), second, pool, level, cancellationToken);
    }

    /// <summary>Where to halve n rows: a multiple of <see cref="Base"/>.</summary>
    internal static int Half(int n) => (n + (2 * Base) - 1) / (2 * Base) * Base;

    private static void Left(MatrixView l, MatrixView b, bool transposed, ComputePool? pool, SimdLevel level, CancellationToken cancellationToken)
    {
        if (l.Rows <= Base)
        {
            float* inverse = stackalloc float[Base * Base];
            var small = InvertBlock(l, inverse);
            Gemm.Multiply(1, transposed ? small.Transposed : small, b, 0, b, pool, level, cancellationToken);
            return;
        }

        int half = Half(l.Rows);
        int rest = l.Rows - half;
        var top = b.Slice(0, 0, half, b.Columns);
        var bottom = b.Slice(half, 0, rest, b.Columns);
        var below = l.Slice(half, 0, rest, half);
        if (transposed)
        {
            Left(l.Slice(half, half, rest, rest), bottom, true, pool, level, cancellationToken);
            Gemm.Multiply(-1, below.Transposed, bottom, 1, top, pool, level, cancellationToken);
            Left(l.Slice(0, 0, half, half), top, true, pool, level, cancellationToken);
        }
        else
        {
            Left(l.Slice(0, 0, half, half), top, false, pool, level, cancellationToken);
            Gemm.Multiply(-1, below, top, 1, bottom, pool, level, cancellationToken);
            Left(l.Slice(half, half, rest, rest), bottom, false, pool, level, cancellationToken);
        }
    }

    // The inverse of a lower triangle, by columns, with zeros above the diagonal.
    private static MatrixView InvertBlock(MatrixView l, float* inverse)
    {
        int n = l.Rows;
        double* x = stackalloc double[Base * Base];
        for (int row = 0; row < n; row++)
        {
            double diagonal = l.Pointer[row * (l.RowStride + l.ColumnStride)];
            if (diagonal == 0 || !double.IsFinite(diagonal))
            {
                throw new RecsysException($"triangular solve: a diagonal element is {diagonal}");
            }

            // Row i of L⁻¹ is (e_i − Σ_{j<i} L_ij · row j of L⁻¹) / L_ii.
            double* line = x + (row * Base);
            new Span<double>(line, n).Clear();
            line[row] = 1;
            for (int j = 0; j < row; j++)
            {
                double factor = l.Pointer[(row * l.RowStride) + (j * l.ColumnStride)];
                double* other = x + (j * Base);
                for (int column = 0; column <= j; column++)
                {
                    line[column] -= factor * other[column];
                }
            }

            for (int column = 0; column < n; column++)
            {
                inverse[(row * n) + column] = (float)(line[column] /= diagonal);
            }
        }

        return new MatrixView(inverse, n, n, n);
    }
}
