using Recsys.Engine.Compute;

namespace Recsys.Engine.Numerics;

/// <summary>
/// Dense float32 products. The bits of a result depend on the operands and the processor's vector width, not on the
/// number of threads.
/// </summary>
public static class Gemm
{
    /// <summary>C = alpha·A·B + beta·C; A is m × k, B is k × n, C is m × n. beta = 0 overwrites C whatever it holds.</summary>
    /// <param name="alpha">Factor of the product.</param>
    /// <param name="a">Left operand, possibly <see cref="MatrixView.Transposed"/>.</param>
    /// <param name="b">Right operand, likewise.</param>
    /// <param name="beta">Factor of what C holds.</param>
    /// <param name="c">The result, row-major; its memory must not overlap that of A or B.</param>
    /// <param name="pool">Threads to work on; null: the caller's alone.</param>
    /// <param name="cancellationToken">Stops between blocks; C is then undefined.</param>
    /// <exception cref="RecsysException">The shapes do not fit, or C is a transposed view.</exception>
    public static void Multiply(
        float alpha, MatrixView a, MatrixView b, float beta, MatrixView c, ComputePool? pool = null, CancellationToken cancellationToken = default) =>
        Multiply(alpha, a, b, beta, c, pool, Simd.Best, cancellationToken);

    /// <summary>
    /// C = alpha·A·Aᵀ + beta·C on the lower triangle (diagonal included); A is n × k, C is n × n. What C holds above the
    /// diagonal is neither read nor written.
    /// </summary>
    /// <inheritdoc cref="Multiply(float, MatrixView, MatrixView, float, MatrixView, ComputePool?, CancellationToken)"/>
    public static void SymmetricMultiply(
        float alpha, MatrixView a, float beta, MatrixView c, ComputePool? pool = null, CancellationToken cancellationToken = default) =>
        SymmetricMultiply(alpha, a, beta, c, pool, Simd.Best, cancellationToken);

    internal static void Multiply(
        float alpha, MatrixView a, MatrixView b, float beta, MatrixView c, ComputePool? pool, SimdLevel level, CancellationToken cancellationToken = default)
    {
        if (a.Columns != b.Rows || a.Rows != c.Rows || b.Columns != c.Columns)
        {
            throw new RecsysException(
                $"product: {a.Rows} x {a.Columns} times {b.Rows} x {b.Columns} does not make {c.Rows} x {c.Columns}");
        }

        Run(alpha, a, b, beta, c, false, pool, level, cancellationToken);
    }

    internal static void SymmetricMultiply(
        float alpha, MatrixView a, float beta, MatrixView c, ComputePool? pool, SimdLevel level, CancellationToken cancellationToken = default)
    {
        if (a.Rows != c.Rows || c.Rows != c.Columns)
        {
            throw new RecsysException(
                $"symmetric product: {a.Rows} x {a.Columns} times its transpose does not make {c.Rows} x {c.Columns}");
        }

        Run(alpha, a, a.Transposed, beta, c, true, pool, level, cancellationToken);
    }

    /// <summary>C = alpha·A·B + beta·C on the lower triangle alone, of a product known to be symmetric.</summary>
    internal static void MultiplyLower(
        float alpha, MatrixView a, MatrixView b, float beta, MatrixView c, ComputePool? pool, SimdLevel level, CancellationToken cancellationToken = default) =>
        Run(alpha, a, b, beta, c, true, pool, level, cancellationToken);

    private static void Run(
        float alpha, MatrixView a, MatrixView b, float beta, MatrixView c, bool lower, ComputePool? pool, SimdLevel level, CancellationToken cancellationToken)
    {
        if (c.ColumnStride != 1)
        {
            throw new RecsysException("product: the result has to be row-major, not a transposed view");
        }

        switch (level)
        {
            case SimdLevel.Vector512:
                GemmDriver<Kernel512>.Multiply(alpha, a, b, beta, c, lower, pool, cancellationToken);
                break;
            case SimdLevel.Vector256:
                GemmDriver<Kernel256>.Multiply(alpha, a, b, beta, c, lower, pool, cancellationToken);
                break;
            default:
                GemmDriver<KernelPortable>.Multiply(alpha, a, b, beta, c, lower, pool, cancellationToken);
                break;
        }
    }
}
