using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Recsys.Benchmarks.Als;

/// <summary>Multiply–adds from registers to registers on all threads at once: the ceiling of every kernel here.</summary>
internal static class FmaPeak
{
    /// <summary>GF/s, the best of some runs of about 50 ms.</summary>
    public static double Measure(int threads)
    {
        double best = 0;
        for (int run = 0; run < 4; run++)
        {
            const int Loops = 4_000_000;
            using var barrier = new Barrier(threads + 1);
            var team = Enumerable.Range(0, threads).Select(_ => new Thread(() =>
            {
                barrier.SignalAndWait();
                Loop(Loops);
                barrier.SignalAndWait();
            })).ToArray();
            Array.ForEach(team, t => t.Start());
            barrier.SignalAndWait();
            long start = Stopwatch.GetTimestamp();
            barrier.SignalAndWait();
            double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
            Array.ForEach(team, t => t.Join());
            best = Math.Max(best, threads * (double)Loops * 12 * 2 * Vector512<float>.Count / seconds / 1e9);
        }

        return best;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static float Loop(int loops)
    {
        var x = Vector512.Create(0.999f);
        var y = Vector512.Create(1e-3f);
        Vector512<float> a = x, b = x, c = x, d = x, e = x, f = x, g = x, h = x, i = x, j = x, k = x, l = x;
        for (int n = 0; n < loops; n++)
        {
            a = Vector512.FusedMultiplyAdd(a, x, y);
            b = Vector512.FusedMultiplyAdd(b, x, y);
            c = Vector512.FusedMultiplyAdd(c, x, y);
            d = Vector512.FusedMultiplyAdd(d, x, y);
            e = Vector512.FusedMultiplyAdd(e, x, y);
            f = Vector512.FusedMultiplyAdd(f, x, y);
            g = Vector512.FusedMultiplyAdd(g, x, y);
            h = Vector512.FusedMultiplyAdd(h, x, y);
            i = Vector512.FusedMultiplyAdd(i, x, y);
            j = Vector512.FusedMultiplyAdd(j, x, y);
            k = Vector512.FusedMultiplyAdd(k, x, y);
            l = Vector512.FusedMultiplyAdd(l, x, y);
        }

        return Vector512.Sum(a + b + c + d + e + f + g + h + i + j + k + l);
    }
}
