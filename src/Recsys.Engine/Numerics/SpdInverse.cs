using Recsys.Engine.Compute;

namespace Recsys.Engine.Numerics;

/// <summary>
/// In-place inverse of symmetric positive definite matrices: n³ flops, the matrix itself and a few panels of some
/// hundred columns in memory.
/// </summary>
public static unsafe class SpdInverse
{
    /// <summary>
    /// Replaces <paramref name="a"/> by its inverse. Only the lower triangle is read; both triangles of the result are
    /// filled and equal each other exactly. The bits do not depend on the number of threads. After an exception or
    /// cancellation the content of <paramref name="a"/> is undefined.
    /// </summary>
    /// <param name="a">The n × n matrix.</param>
    /// <param name="pool">Threads to work on.</param>
    /// <param name="progress">Told the phase "inverse" with blocks of rows done.</param>
    /// <param name="cancellationToken">Stops the work within a fraction of a second.</param>
    /// <exception cref="RecsysException">The matrix is empty or not square.</exception>
    /// <exception cref="NotPositiveDefiniteException">A pivot is not positive or not finite.</exception>
    public static void Invert(
        DenseMatrix a,
        ComputePool pool,
        IProgress<TrainingProgress>? progress = null,
        CancellationToken cancellationToken = default) =>
        Invert(a, pool, Simd.Best, progress, cancellationToken);

    internal static void Invert(
        DenseMatrix a,
        ComputePool pool,
        SimdLevel level,
        IProgress<TrainingProgress>? progress = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(a);
        ArgumentNullException.ThrowIfNull(pool);
        if (a.Rows != a.Columns || a.Rows == 0)
        {
            throw new RecsysException($"inverse: a square matrix is expected, not {a.Rows} x {a.Columns}");
        }

        switch (level)
        {
            case SimdLevel.Vector512:
                Invert<Kernel512>(a, pool, progress, cancellationToken);
                break;
            case SimdLevel.Vector256:
                Invert<Kernel256>(a, pool, progress, cancellationToken);
                break;
            default:
                Invert<KernelPortable>(a, pool, progress, cancellationToken);
                break;
        }

        GC.KeepAlive(a);
    }

    private static void Invert<TKernel>(
        DenseMatrix a, ComputePool pool, IProgress<TrainingProgress>? progress, CancellationToken cancellationToken)
        where TKernel : struct, IGemmKernel
    {
        using var sweep = new SymmetricSweep<TKernel>(a.Rows, SymmetricSweep<TKernel>.BlockFor(a.Rows), pool.Threads);
        sweep.Invert(a.Pointer, a.Stride, a.Rows, pool, progress, cancellationToken);
    }
}
