using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Recsys.Engine.Numerics;

/// <summary>4 × 24 tile: twelve accumulators of eight floats, so that B and a broadcast of A fit beside them in sixteen registers.</summary>
internal readonly unsafe struct Kernel256 : IGemmKernel
{
    public static int Mr => 4;

    public static int Nr => 24;

    public static int SmallBlock => 48;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Multiply(nint k, float* a, float* b, float* c, nint ldc, bool accumulate)
    {
        var c00 = Vector256<float>.Zero;
        var c01 = Vector256<float>.Zero;
        var c02 = Vector256<float>.Zero;
        var c10 = Vector256<float>.Zero;
        var c11 = Vector256<float>.Zero;
        var c12 = Vector256<float>.Zero;
        var c20 = Vector256<float>.Zero;
        var c21 = Vector256<float>.Zero;
        var c22 = Vector256<float>.Zero;
        var c30 = Vector256<float>.Zero;
        var c31 = Vector256<float>.Zero;
        var c32 = Vector256<float>.Zero;
        TilePrefetch.Far(c, ldc, Mr, Nr);
        nint i = 0;
        nint end = TilePrefetch.Before(k);
        while (true)
        {
            for (; i < end; i++)
            {
                var b0 = Vector256.Load(b);
                var b1 = Vector256.Load(b + 8);
                var b2 = Vector256.Load(b + 16);
                var x0 = Vector256.Create(a[0]);
                c00 = Vector256.FusedMultiplyAdd(x0, b0, c00);
                c01 = Vector256.FusedMultiplyAdd(x0, b1, c01);
                c02 = Vector256.FusedMultiplyAdd(x0, b2, c02);
                var x1 = Vector256.Create(a[1]);
                c10 = Vector256.FusedMultiplyAdd(x1, b0, c10);
                c11 = Vector256.FusedMultiplyAdd(x1, b1, c11);
                c12 = Vector256.FusedMultiplyAdd(x1, b2, c12);
                var x2 = Vector256.Create(a[2]);
                c20 = Vector256.FusedMultiplyAdd(x2, b0, c20);
                c21 = Vector256.FusedMultiplyAdd(x2, b1, c21);
                c22 = Vector256.FusedMultiplyAdd(x2, b2, c22);
                var x3 = Vector256.Create(a[3]);
                c30 = Vector256.FusedMultiplyAdd(x3, b0, c30);
                c31 = Vector256.FusedMultiplyAdd(x3, b1, c31);
                c32 = Vector256.FusedMultiplyAdd(x3, b2, c32);
                a += 4;
                b += 24;
            }

            if (i == k)
            {
                break;
            }

            TilePrefetch.Near(c, ldc, Mr, Nr);
            end = k;
        }

        if (accumulate)
        {
            float* p = c;
            c00 += Vector256.Load(p);
            c01 += Vector256.Load(p + 8);
            c02 += Vector256.Load(p + 16);
            p += ldc;
            c10 += Vector256.Load(p);
            c11 += Vector256.Load(p + 8);
            c12 += Vector256.Load(p + 16);
            p += ldc;
            c20 += Vector256.Load(p);
            c21 += Vector256.Load(p + 8);
            c22 += Vector256.Load(p + 16);
            p += ldc;
            c30 += Vector256.Load(p);
            c31 += Vector256.Load(p + 8);
            c32 += Vector256.Load(p + 16);
        }

        c00.Store(c);
        c01.Store(c + 8);
        c02.Store(c + 16);
        c += ldc;
        c10.Store(c);
        c11.Store(c + 8);
        c12.Store(c + 16);
        c += ldc;
        c20.Store(c);
        c21.Store(c + 8);
        c22.Store(c + 16);
        c += ldc;
        c30.Store(c);
        c31.Store(c + 8);
        c32.Store(c + 16);
    }
}
