using System.Globalization;
using Recsys.Engine.Compute;
using Recsys.Engine.Numerics;

namespace Recsys.Benchmarks.Kernels;

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
