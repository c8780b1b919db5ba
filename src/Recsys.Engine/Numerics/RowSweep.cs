using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Recsys.Engine.Numerics;

/// <summary>
/// Products with the few rows of a tall matrix that one sparse row names, given as pointers: dot products with a vector,
/// and weighted sums of the rows. k is a multiple of 16.
/// </summary>
internal static unsafe class RowSweep<TOps, TVector>
    where TOps : struct, IVectorOps<TVector>
    where TVector : struct
{
    /// <summary>dots[i] = rows[i] · p.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Dots(float** rows, int n, int k, float* p, float* dots)
    {
        int i = 0;
        for (; i + 4 <= n; i += 4)
        {
            Dot4(rows + i, k, p).Store(dots + i);
        }

        for (; i < n; i++)
        {
            dots[i] = Dot(rows[i], k, p);
        }
    }

    /// <summary>dots[i] = rows[i] · p, and y += Σ_i (offset[i] − weight[i]·dots[i]) rows[i]; offset may be null (0).</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Apply(float** rows, int n, int k, float* p, float* offset, float* weight, float* dots, float* y)
    {
        int i = 0;
        for (; i + 4 <= n; i += 4)
        {
            var d = Dot4(rows + i, k, p);
            d.Store(dots + i);
            var f = -d * Vector128.Load(weight + i);
            if (offset is not null)
            {
                f += Vector128.Load(offset + i);
            }

            Axpy4(rows + i, k, f, y);
        }

        for (; i < n; i++)
        {
            float d = Dot(rows[i], k, p);
            dots[i] = d;
            float f = -d * weight[i];
            Axpy(rows[i], k, offset is null ? f : f + offset[i], y);
        }
    }

    /// <summary>y += Σ_i factor[i] rows[i].</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Sum(float** rows, int n, int k, float* factor, float* y)
    {
        int i = 0;
        for (; i + 4 <= n; i += 4)
        {
            Axpy4(rows + i, k, Vector128.Load(factor + i), y);
        }

        for (; i < n; i++)
        {
            Axpy(rows[i], k, factor[i], y);
        }
    }

    /// <summary>x · y.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Dot(float* x, int k, float* y)
    {
        var sum = TOps.Zero;
        for (int c = 0; c < k; c += TOps.Lanes)
        {
            sum = TOps.MultiplyAdd(TOps.Load(x + c), TOps.Load(y + c), sum);
        }

        return TOps.Sum(sum);
    }

    /// <summary>y += a x.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Axpy(float* x, int k, float a, float* y)
    {
        var f = TOps.Broadcast(a);
        for (int c = 0; c < k; c += TOps.Lanes)
        {
            TOps.Store(TOps.MultiplyAdd(f, TOps.Load(x + c), TOps.Load(y + c)), y + c);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> Dot4(float** rows, int k, float* p)
    {
        TVector d0 = TOps.Zero, d1 = TOps.Zero, d2 = TOps.Zero, d3 = TOps.Zero;
        float* r0 = rows[0], r1 = rows[1], r2 = rows[2], r3 = rows[3];
        for (nint c = 0; c < k; c += TOps.Lanes)
        {
            var v = TOps.Load(p + c);
            d0 = TOps.MultiplyAdd(TOps.Load(r0 + c), v, d0);
            d1 = TOps.MultiplyAdd(TOps.Load(r1 + c), v, d1);
            d2 = TOps.MultiplyAdd(TOps.Load(r2 + c), v, d2);
            d3 = TOps.MultiplyAdd(TOps.Load(r3 + c), v, d3);
        }

        return TOps.Sum4(d0, d1, d2, d3);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Axpy4(float** rows, int k, Vector128<float> factors, float* y)
    {
        float* r0 = rows[0], r1 = rows[1], r2 = rows[2], r3 = rows[3];
        var f0 = TOps.Broadcast(factors[0]);
        var f1 = TOps.Broadcast(factors[1]);
        var f2 = TOps.Broadcast(factors[2]);
        var f3 = TOps.Broadcast(factors[3]);
        for (nint c = 0; c < k; c += TOps.Lanes)
        {
            var v = TOps.MultiplyAdd(f0, TOps.Load(r0 + c), TOps.Load(y + c));
            v = TOps.MultiplyAdd(f1, TOps.Load(r1 + c), v);
            v = TOps.MultiplyAdd(f2, TOps.Load(r2 + c), v);
            TOps.Store(TOps.MultiplyAdd(f3, TOps.Load(r3 + c), v), y + c);
        }
    }
}
