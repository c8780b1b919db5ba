using System.Numerics;
using Recsys.Engine.Compute;
using Recsys.Engine.Data;

namespace Recsys.Engine.Numerics;

/// <summary>
/// The exact change of an inverse when rows are added to and removed from the data it was made of. With X the changed
/// rows, S their signs and T = X·P, Woodbury's identity reads
/// (G + XᵀSX)⁻¹ = P − Tᵀ·(S⁻¹ + T·Xᵀ)⁻¹·T: O(n²·r) flops for r rows in all.
/// </summary>
public static unsafe class InverseUpdate
{
    private const int Stripe = 1024;

    /// <summary>
    /// Replaces P = G⁻¹ by (G + Σ x·xᵀ over <paramref name="added"/> − Σ x·xᵀ over <paramref name="removed"/>)⁻¹. A row
    /// that changes is removed as it was and added as it is. Rounding errors of many updates add up: refit from time
    /// to time.
    /// </summary>
    /// <param name="p">The n × n inverse, both triangles; they stay equal to each other.</param>
    /// <param name="added">Rows (users' histories) of n columns.</param>
    /// <param name="removed">Likewise; they must be part of G.</param>
    /// <param name="pool">Threads to work on.</param>
    /// <param name="cancellationToken">Heeded until the first element of P is written, so P is either old or new.</param>
    /// <exception cref="RecsysException">The shapes do not fit.</exception>
    /// <exception cref="NotPositiveDefiniteException">G less the removed rows is not positive definite; P is untouched.</exception>
    public static void Apply(
        DenseMatrix p, SparseMatrix added, SparseMatrix removed, ComputePool pool, CancellationToken cancellationToken = default) =>
        Apply(p, added, removed, pool, Simd.Best, cancellationToken);

    internal static void Apply(
        DenseMatrix p, SparseMatrix added, SparseMatrix removed, ComputePool pool, SimdLevel level, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(p);
        ArgumentNullException.ThrowIfNull(added);
        ArgumentNullException.ThrowIfNull(removed);
        ArgumentNullException.ThrowIfNull(pool);
        int n = p.Rows;
        if (p.Columns != n || added.Columns != n || removed.Columns != n)
        {
            throw new RecsysException(
                $"update of an inverse: {p.Rows} x {p.Columns} does not fit rows of {added.Columns} and {removed.Columns} columns");
        }

        int rank = added.Rows + removed.Rows;
        if (rank == 0 || n == 0)
        {
            return;
        }

        using var t = new DenseMatrix(rank, n);
        pool.Run((n + Stripe - 1) / Stripe, (_, stripe) => Project(p, added, removed, t, stripe * Stripe), cancellationToken);
        using var core = InvertCore(t, added, removed);
        using var z = new DenseMatrix(rank, n);
        Gemm.Multiply(1, core, t, 0, z, pool, level, cancellationToken);
        cancellationToken.ThrowIfCancellationRequested();
        Gemm.MultiplyLower(-1, ((MatrixView)t).Transposed, z, 1, p, pool, level);
        pool.Run((n + Mirror.Block - 1) / Mirror.Block, (_, part) => Mirror.LowerToUpper(p.Pointer, p.Stride, n, part, 1));
        GC.KeepAlive(p);
    }

    private static ReadOnlySpan<int> Items(SparseMatrix added, SparseMatrix removed, int row) =>
        row < added.Rows ? added.Row(row) : removed.Row(row - added.Rows);

    private static ReadOnlySpan<float> Values(SparseMatrix added, SparseMatrix removed, int row) =>
        row < added.Rows ? added.RowValues(row) : removed.RowValues(row - added.Rows);

    // T = X·P on a stripe of columns: sums of rows of P.
    private static void Project(DenseMatrix p, SparseMatrix added, SparseMatrix removed, DenseMatrix t, int first)
    {
        int width = Math.Min(Stripe, p.Columns - first);
        for (int row = 0; row < t.Rows; row++)
        {
            var target = t.Row(row).Slice(first, width);
            var items = Items(added, removed, row);
            var values = Values(added, removed, row);
            for (int e = 0; e < items.Length; e++)
            {
                AddScaled(p.Row(items[e]).Slice(first, width), values.IsEmpty ? 1 : values[e], target);
            }
        }
    }

    private static void AddScaled(ReadOnlySpan<float> source, float factor, Span<float> target)
    {
        int j = 0;
        int width = Vector<float>.Count;
        var scale = new Vector<float>(factor);
        for (; j + width <= target.Length; j += width)
        {
            (new Vector<float>(target[j..]) + (scale * new Vector<float>(source[j..]))).CopyTo(target[j..]);
        }

        for (; j < target.Length; j++)
        {
            target[j] += factor * source[j];
        }
    }

    // M = S⁻¹ + T·Xᵀ has as many positive and negative pivots as S if and only if the changed G is positive definite;
    // with the added rows first it is quasi-definite, so it needs no pivoting.
    private static DenseMatrix InvertCore(DenseMatrix t, SparseMatrix added, SparseMatrix removed)
    {
        int rank = t.Rows;
        var m = new double[rank, rank];
        for (int row = 0; row < rank; row++)
        {
            var projected = t.Row(row);
            for (int other = 0; other <= row; other++)
            {
                var items = Items(added, removed, other);
                var values = Values(added, removed, other);
                double sum = 0;
                for (int e = 0; e < items.Length; e++)
                {
                    sum += projected[items[e]] * (double)(values.IsEmpty ? 1 : values[e]);
                }

                m[row, other] = sum;
                m[other, row] = sum;
            }

            m[row, row] += row < added.Rows ? 1 : -1;
        }

        for (int pivot = 0; pivot < rank; pivot++)
        {
            double d = m[pivot, pivot];
            if (!double.IsFinite(d) || (pivot < added.Rows ? d <= 0 : d >= 0))
            {
                throw new NotPositiveDefiniteException(pivot, pivot < added.Rows ? d : -d, "the matrix after the update");
            }

            // Gauss–Jordan: this row and column of the inverse so far.
            for (int column = 0; column < rank; column++)
            {
                if (column != pivot)
                {
                    m[pivot, column] /= d;
                }
            }

            for (int row = 0; row < rank; row++)
            {
                double factor = m[row, pivot];
                if (row != pivot)
                {
                    for (int column = 0; column < rank; column++)
                    {
                        if (column != pivot)
                        {
                            m[row, column] -= factor * m[pivot, column];
                        }
                    }

                    m[row, pivot] = -factor / d;
                }
            }

            m[pivot, pivot] = 1 / d;
        }

        var core = new DenseMatrix(rank, rank);
        for (int row = 0; row < rank; row++)
        {
            for (int column = 0; column < rank; column++)
            {
                core[row, column] = (float)m[row, column];
            }
        }

        return core;
    }
}
