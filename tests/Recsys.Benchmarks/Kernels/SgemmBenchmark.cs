using MathNet.Numerics.LinearAlgebra;
using Recsys.Engine.Compute;
using Recsys.Engine.Numerics;

namespace Recsys.Benchmarks.Kernels;

/// <summary>C = A·B.</summary>
internal sealed unsafe class SgemmBenchmark : IKernelBenchmark
{
    public string Name => "sgemm";

    public void Run(KernelContext context)
    {
        Small(context, 512);
        foreach (var (n, threads, repetitions) in context.Quick ? [(2048, 1, 2)] : new[] { (2048, 1, 15), (4096, 1, 5), (8192, 2, 3) })
        {
            string name = $"{Name} {n}, {threads} thread{(threads > 1 ? "s" : string.Empty)}";
            if (!context.Wants(name))
            {
                continue;
            }

            using var pool = new ComputePool(threads);
            using var a = Matrices.Random(n, n);
            using var b = Matrices.Random(n, n, 8);
            using var c = new DenseMatrix(n, n);
            Action? reference = null;
            if (context.HasOpenBlas)
            {
                OpenBlas.SetThreads(threads);
                reference = () => OpenBlas.Sgemm(
                    OpenBlas.NoTranspose, OpenBlas.NoTranspose, n, n, n, 1, a.Pointer, a.Stride, b.Pointer, b.Stride, 0, c.Pointer, c.Stride);
            }

            context.Compare(name, threads, repetitions, null, () => Gemm.Multiply(1, a, b, 0, c, pool), reference, 0.97, 2.0 * n * n * n);
        }
    }

    // MathNet is the managed alternative: always there, far away.
    private void Small(KernelContext context, int n)
    {
        string name = $"{Name} {n}, 1 thread, MathNet";
        if (!context.Wants(name) || context.ReferenceOnly)
        {
            return;
        }

        MathNet.Numerics.Control.UseManaged();
        MathNet.Numerics.Control.UseSingleThread();
        using var a = Matrices.Random(n, n);
        using var c = new DenseMatrix(n, n);
        var x = Matrix<float>.Build.Dense(n, n, (i, j) => a[i, j]);
        var y = Matrix<float>.Build.Dense(n, n);
        context.Compare(name, 1, 3, null, () => Gemm.Multiply(1, a, a, 0, c), () => x.Multiply(x, y), null, 2.0 * n * n * n, "MathNet");
    }
}
