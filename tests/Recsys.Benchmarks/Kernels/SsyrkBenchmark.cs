using Recsys.Engine.Compute;
using Recsys.Engine.Numerics;

namespace Recsys.Benchmarks.Kernels;

/// <summary>Lower triangle of C = A·Aᵀ.</summary>
internal sealed unsafe class SsyrkBenchmark : IKernelBenchmark
{
    public string Name => "ssyrk";

    public void Run(KernelContext context)
    {
        foreach (var (n, threads, repetitions) in context.Quick ? [(2048, 1, 2)] : new[] { (2048, 1, 15), (4096, 1, 5), (8192, 2, 3) })
        {
            string name = $"{Name} {n}, {threads} thread{(threads > 1 ? "s" : string.Empty)}";
            if (!context.Wants(name))
            {
                continue;
            }

            using var pool = new ComputePool(threads);
            using var a = Matrices.Random(n, n);
            using var c = new DenseMatrix(n, n);
            Action? reference = null;
            if (context.HasOpenBlas)
            {
                OpenBlas.SetThreads(threads);
                reference = () => OpenBlas.Ssyrk(OpenBlas.NoTranspose, n, n, 1, a.Pointer, a.Stride, 0, c.Pointer, c.Stride);
            }

            context.Compare(name, threads, repetitions, null, () => Gemm.SymmetricMultiply(1, a, 0, c, pool), reference, 0.97, (double)n * n * (n + 1));
        }
    }
}
