using Recsys.Engine.Compute;
using Recsys.Engine.Numerics;

namespace Recsys.Benchmarks.Kernels;

/// <summary>Inverse of a symmetric positive definite matrix, n³ flops.</summary>
internal sealed unsafe class SpdInverseBenchmark : IKernelBenchmark
{
    public string Name => "spd inverse";

    public void Run(KernelContext context)
    {
        foreach (var (n, threads, repetitions, bar) in context.Quick
            ? [(2048, 1, 2, 0.9)]
            : new[] { (4096, 1, 5, 0.90), (8192, 1, 3, 0.95), (8192, 2, 3, 0.97) })
        {
            string name = $"{Name} {n}, {threads} thread{(threads > 1 ? "s" : string.Empty)}";
            string general = $"{name}, getrf+getri";
            if (!context.Wants(name) && !(threads == 2 && context.Wants(general)))
            {
                continue;
            }

            using var pool = new ComputePool(threads);
            using var original = Matrices.PositiveDefinite(n);
            using var a = new DenseMatrix(n, n);
            Action? reference = null;
            if (context.HasOpenBlas)
            {
                OpenBlas.SetThreads(threads);
                reference = () =>
                {
                    OpenBlas.Spotrf(n, a.Pointer, a.Stride);
                    OpenBlas.Spotri(n, a.Pointer, a.Stride);
                };
            }

            void Restore() => Matrices.Copy(original, a);
            void Ours() => SpdInverse.Invert(a, pool);
            context.Compare(name, threads, repetitions, Restore, Ours, reference, bar, (double)n * n * n);
            if (threads == 2 && context.HasOpenBlas)
            {
                using var pivots = new NativeBuffer<int>(n);
                using var work = new NativeBuffer<float>(n * 128L);
                void General() => OpenBlas.SgetrfSgetri(n, a.Pointer, a.Stride, pivots.Pointer, work.Pointer, n * 128);
                context.Compare(general, threads, 3, Restore, Ours, General, 1.9, (double)n * n * n);
            }
        }
    }
}
