using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Recsys.Engine.Numerics;

/// <summary>8 × 8 tile on four-float vectors, for processors with 32 registers of that width (ARM) or none at all.</summary>
internal readonly unsafe struct KernelPortable : IGemmKernel
{
    public static int Mr => 8;

    public static int Nr => 8;

    public static int SmallBlock => 32;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Multiply(nint k, float* a, float* b, float* c, nint ldc, bool accumulate)
    {
        var c00 = Vector128<float>.Zero;
        var c01 = Vector128<float>.Zero;
        var c10 = Vector128<float>.Zero;
        var c11 = Vector128<float>.Zero;
        var c20 = Vector128<float>.Zero;
        var c21 = Vector128<float>.Zero;
        var c30 = Vector128<float>.Zero;
        var c31 = Vector128<float>.Zero;
        var c40 = Vector128<float>.Zero;
        var c41 = Vector128<float>.Zero;
        var c50 = Vector128<float>.Zero;
        var c51 = Vector128<float>.Zero;
        var c60 = Vector128<float>.Zero;
        var c61 = Vector128<float>.Zero;
        var c70 = Vector128<float>.Zero;
        var c71 = Vector128<float>.Zero;
        TilePrefetch.Far(c, ldc, Mr, Nr);
        nint i = 0;
        nint end = TilePrefetch.Before(k);
        while (true)
        {
            for (; i < end; i++)
            {
                var b0 = Vector128.Load(b);
                var b1 = Vector128.Load(b + 4);
                var x0 = Vector128.Create(a[0]);
                c00 = Vector128.MultiplyAddEstimate(x0, b0, c00);
                c01 = Vector128.MultiplyAddEstimate(x0, b1, c01);
                var x1 = Vector128.Create(a[1]);
                c10 = Vector128.MultiplyAddEstimate(x1, b0, c10);
                c11 = Vector128.MultiplyAddEstimate(x1, b1, c11);
                var x2 = Vector128.Create(a[2]);
                c20 = Vector128.MultiplyAddEstimate(x2, b0, c20);
                c21 = Vector128.MultiplyAddEstimate(x2, b1, c21);
                var x3 = Vector128.Create(a[3]);
                c30 = Vector128.MultiplyAddEstimate(x3, b0, c30);
                c31 = Vector128.MultiplyAddEstimate(x3, b1, c31);
                var x4 = Vector128.Create(a[4]);
                c40 = Vector128.MultiplyAddEstimate(x4, b0, c40);
                c41 = Vector128.MultiplyAddEstimate(x4, b1, c41);
                var x5 = Vector128.Create(a[5]);
                c50 = Vector128.MultiplyAddEstimate(x5, b0, c50);
                c51 = Vector128.MultiplyAddEstimate(x5, b1, c51);
                var x6 = Vector128.Create(a[6]);
                c60 = Vector128.MultiplyAddEstimate(x6, b0, c60);
                c61 = Vector128.MultiplyAddEstimate(x6, b1, c61);
                var x7 = Vector128.Create(a[7]);
                c70 = Vector128.MultiplyAddEstimate(x7, b0, c70);
                c71 = Vector128.MultiplyAddEstimate(x7, b1, c71);
                a += 8;
                b += 8;
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
            c00 += Vector128.Load(p);
            c01 += Vector128.Load(p + 4);
            p += ldc;
            c10 += Vector128.Load(p);
            c11 += Vector128.Load(p + 4);
            p += ldc;
            c20 += Vector128.Load(p);
            c21 += Vector128.Load(p + 4);
            p += ldc;
            c30 += Vector128.Load(p);
            c31 += Vector128.Load(p + 4);
            p += ldc;
            c40 += Vector128.Load(p);
            c41 += Vector128.Load(p + 4);
            p += ldc;
            c50 += Vector128.Load(p);
            c51 += Vector128.Load(p + 4);
            p += ldc;
            c60 += Vector128.Load(p);
            c61 += Vector128.Load(p + 4);
            p += ldc;
            c70 += Vector128.Load(p);
            c71 += Vector128.Load(p + 4);
        }

        c00.Store(c);
        c01.Store(c + 4);
        c += ldc;
        c10.Store(c);
        c11.Store(c + 4);
        c += ldc;
        c20.Store(c);
        c21.Store(c + 4);
        c += ldc;
        c30.Store(c);
        c31.Store(c + 4);
        c += ldc;
        c40.Store(c);
        c41.Store(c + 4);
        c += ldc;
        c50.Store(c);
        c51.Store(c + 4);
        c += ldc;
        c60.Store(c);
        c61.Store(c + 4);
        c += ldc;
        c70.Store(c);
        c71.Store(c + 4);
    }
}
