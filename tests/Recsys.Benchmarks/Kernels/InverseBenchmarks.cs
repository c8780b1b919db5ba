using System.Globalization;
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

/// <summary>The inverse of a matrix as large as that of the biggest data set here: minutes, so only when named.</summary>
internal sealed class BigInverseBenchmark : IKernelBenchmark
{
    private const int Size = 40_981;

    // Design: seven minutes for the whole fit on a machine with an FMA peak of 225 GF/s.
    private const double BarSeconds = 420;
    private const double BarPeak = 225;

    public string Name => "big inverse";

    public bool OnlyWhenNamed => true;

    public void Run(KernelContext context)
    {
        if (context.ReferenceOnly)
        {
            return;
        }

        using var pool = new ComputePool(2);
        double allocation = Machine.WallSeconds();
        using var a = Matrices.PositiveDefinite(Size);
        allocation = Machine.WallSeconds() - allocation;
        double peak = Machine.FmaPeak(2);
        double seconds = Machine.WallSeconds();
        SpdInverse.Invert(a, pool);
        seconds = Machine.WallSeconds() - seconds;
        peak = Math.Max(peak, Machine.FmaPeak(2));
        double scaled = seconds * peak / BarPeak;
        double resident = System.Diagnostics.Process.GetCurrentProcess().PeakWorkingSet64 / 1e9;
        context.Report(new KernelRow(
            $"{Name} {Size}, 2 threads",
            scaled,
            BarSeconds,
            BarSeconds / scaled,
            1,
            "s",
            string.Create(CultureInfo.InvariantCulture, $"scaled from {seconds:F1} s at a peak of {peak:F1} GF/s; the reference is the bar; peak RSS {resident:F2} GB; making the matrix {allocation:F1} s")));
    }
}
