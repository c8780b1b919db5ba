using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using Recsys.Engine.Numerics;

namespace Recsys.Benchmarks.Kernels;

/// <summary>Clocks, and what the machine can do at best: multiply–adds and reading memory.</summary>
internal static unsafe partial class Machine
{
    private const int ThreadCpuTime = 3;
    private static float _sink;

    /// <summary>Seconds: processor time of this thread where the system tells it, else wall time.</summary>
    public static double CpuSeconds()
    {
        if (!OperatingSystem.IsLinux())
        {
            return WallSeconds();
        }

        long* time = stackalloc long[2];
        _ = GetTime(ThreadCpuTime, time);
        return time[0] + (time[1] * 1e-9);
    }

    /// <summary>Seconds on the wall.</summary>
    public static double WallSeconds() => Stopwatch.GetTimestamp() / (double)Stopwatch.Frequency;

    /// <summary>Float32 multiply–adds in registers alone, in GF/s (two flops each): the best of a few tries.</summary>
    public static double FmaPeak(int threads)
    {
        const long Steps = 1_500_000;
        double flops = Steps * 16.0 * 2 * (Vector512.IsHardwareAccelerated ? 16 : 8);
        return Best(5, threads, _ => _sink += Vector512.IsHardwareAccelerated ? Fma512(Steps) : Fma256(Steps)) * flops * threads / 1e9;
    }

    /// <summary>Reading memory that no cache holds, in GB/s.</summary>
    public static double ReadBandwidth(int threads)
    {
        const long Floats = 64 << 20;
        using var buffer = new NativeBuffer<float>(Floats * threads);
        new Span<byte>((byte*)buffer.Pointer, 1).Clear();
        for (long at = 0; at < buffer.Length; at += 1024)
        {
            buffer[at] = 1;
        }

        return Best(5, threads, t => _sink += Sum(buffer.Pointer + (t * Floats), Floats)) * Floats * sizeof(float) * threads / 1e9;
    }

    // Runs a second at best.
    private static double Best(int tries, int threads, Action<int> body)
    {
        double best = double.MaxValue;
        for (int i = 0; i < tries; i++)
        {
            double start = threads == 1 ? CpuSeconds() : WallSeconds();
            var others = Enumerable.Range(1, threads - 1).Select(t => new Thread(() => body(t))).ToList();
            others.ForEach(t => t.Start());
            body(0);
            others.ForEach(t => t.Join());
            best = Math.Min(best, (threads == 1 ? CpuSeconds() : WallSeconds()) - start);
        }

        return 1 / best;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static float Fma512(long steps)
    {
        var a = Vector512.Create(1.0001f);
        var b = Vector512.Create(0.5f);
        var c0 = a;
        var c1 = a;
        var c2 = a;
        var c3 = a;
        var c4 = a;
        var c5 = a;
        var c6 = a;
        var c7 = a;
        for (long i = 0; i < 2 * steps; i++)
        {
            c0 = Vector512.FusedMultiplyAdd(a, b, c0);
            c1 = Vector512.FusedMultiplyAdd(a, b, c1);
            c2 = Vector512.FusedMultiplyAdd(a, b, c2);
            c3 = Vector512.FusedMultiplyAdd(a, b, c3);
            c4 = Vector512.FusedMultiplyAdd(a, b, c4);
            c5 = Vector512.FusedMultiplyAdd(a, b, c5);
            c6 = Vector512.FusedMultiplyAdd(a, b, c6);
            c7 = Vector512.FusedMultiplyAdd(a, b, c7);
        }

        return Vector512.Sum(c0 + c1 + c2 + c3 + c4 + c5 + c6 + c7);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static float Fma256(long steps)
    {
        var a = Vector256.Create(1.0001f);
        var b = Vector256.Create(0.5f);
        var c0 = a;
        var c1 = a;
        var c2 = a;
        var c3 = a;
        var c4 = a;
        var c5 = a;
        var c6 = a;
        var c7 = a;
        for (long i = 0; i < 2 * steps; i++)
        {
            c0 = Vector256.FusedMultiplyAdd(a, b, c0);
            c1 = Vector256.FusedMultiplyAdd(a, b, c1);
            c2 = Vector256.FusedMultiplyAdd(a, b, c2);
            c3 = Vector256.FusedMultiplyAdd(a, b, c3);
            c4 = Vector256.FusedMultiplyAdd(a, b, c4);
            c5 = Vector256.FusedMultiplyAdd(a, b, c5);
            c6 = Vector256.FusedMultiplyAdd(a, b, c6);
            c7 = Vector256.FusedMultiplyAdd(a, b, c7);
        }

        return Vector256.Sum(c0 + c1 + c2 + c3 + c4 + c5 + c6 + c7);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static float Sum(float* values, long count)
    {
        var s0 = Vector512<float>.Zero;
        var s1 = Vector512<float>.Zero;
        var s2 = Vector512<float>.Zero;
        var s3 = Vector512<float>.Zero;
        for (long i = 0; i < count; i += 64)
        {
            s0 += Vector512.Load(values + i);
            s1 += Vector512.Load(values + i + 16);
            s2 += Vector512.Load(values + i + 32);
            s3 += Vector512.Load(values + i + 48);
        }

        return Vector512.Sum(s0 + s1 + s2 + s3);
    }

    [LibraryImport("libc", EntryPoint = "clock_gettime")]
    private static partial int GetTime(int clock, long* time);
}
