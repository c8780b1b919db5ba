using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Recsys.Engine.Numerics;

/// <summary>Copies rows given by pointers into the columns of a matrix, each scaled.</summary>
internal static unsafe class GatherTransposed<TOps, TVector>
    where TOps : struct, IVectorOps<TVector>
    where TVector : struct
{
    /// <summary>
    /// to[c · stride + i] = scale[i] · rows[i][c] for i &lt; n and c &lt; k; columns from n up to the next multiple of 16
    /// become zero. k is a multiple of 16.
    /// </summary>
    public static void Copy(float** rows, float* scale, int n, int k, float* to, nint stride)
    {
        int i = 0;
        if (TOps.Lanes == 16 && Avx512F.IsSupported)
        {
            for (; i + 16 <= n; i += 16)
            {
                for (int c = 0; c < k; c += 16)
                {
                    Block16(rows + i, c, scale + i, to + (c * stride) + i, stride);
                }
            }
        }
        else if (TOps.Lanes >= 8 && Avx.IsSupported)
        {
            for (; i + 8 <= n; i += 8)
            {
                for (int c = 0; c < k; c += 8)
                {
                    Block8(rows + i, c, scale + i, to + (c * stride) + i, stride);
                }
            }
        }

        Rest(rows + i, scale + i, n - i, ((n + 15) & ~15) - i, k, to + i, stride);
    }

    /// <summary>Fewer than a block's rows, with zeros up to <paramref name="padded"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Rest(float** rows, float* scale, int n, int padded, int k, float* to, nint stride)
    {
        if (padded == 0)
        {
            return;
        }

        if (TOps.Lanes == 16 && Avx512F.IsSupported)
        {
            // The last row again in place of the missing ones, with scale 0.
            float** some = stackalloc float*[16];
            float* scales = stackalloc float[16];
            for (int i = 0; i < 16; i++)
            {
                some[i] = rows[Math.Min(i, n - 1)];
                scales[i] = i < n ? scale[i] : 0;
            }

            for (int c = 0; c < k; c += 16)
            {
                Block16(some, c, scales, to + (c * stride), stride);
            }

            return;
        }

        for (int c = 0; c < k; c++)
        {
            float* column = to + (c * stride);
            for (int i = 0; i < n; i++)
            {
                column[i] = scale[i] * rows[i][c];
            }

            for (int i = n; i < padded; i++)
            {
                column[i] = 0;
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Block16(float** rows, int c, float* scale, float* to, nint stride)
    {
        // Pairs of rows interleaved by lanes of 4, then quarters of registers exchanged.
        Quads(rows, c, scale, out var a0, out var a1, out var a2, out var a3);
        Quads(rows + 4, c, scale + 4, out var b0, out var b1, out var b2, out var b3);
        Quads(rows + 8, c, scale + 8, out var c0, out var c1, out var c2, out var c3);
        Quads(rows + 12, c, scale + 12, out var d0, out var d1, out var d2, out var d3);
        Quarters(a0, b0, c0, d0, to, stride);
        Quarters(a1, b1, c1, d1, to + stride, stride);
        Quarters(a2, b2, c2, d2, to + (2 * stride), stride);
        Quarters(a3, b3, c3, d3, to + (3 * stride), stride);
    }

    /// <summary>Of four rows: q_j holds columns j, 4 + j, 8 + j, 12 + j, each as four consecutive lanes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Quads(
        float** rows, int c, float* scale, out Vector512<float> q0, out Vector512<float> q1, out Vector512<float> q2, out Vector512<float> q3)
    {
        var r0 = Vector512.Load(rows[0] + c) * scale[0];
        var r1 = Vector512.Load(rows[1] + c) * scale[1];
        var r2 = Vector512.Load(rows[2] + c) * scale[2];
        var r3 = Vector512.Load(rows[3] + c) * scale[3];
        var low01 = Avx512F.UnpackLow(r0, r1).AsDouble();
        var high01 = Avx512F.UnpackHigh(r0, r1).AsDouble();
        var low23 = Avx512F.UnpackLow(r2, r3).AsDouble();
        var high23 = Avx512F.UnpackHigh(r2, r3).AsDouble();
        q0 = Avx512F.UnpackLow(low01, low23).AsSingle();
        q1 = Avx512F.UnpackHigh(low01, low23).AsSingle();
        q2 = Avx512F.UnpackLow(high01, high23).AsSingle();
        q3 = Avx512F.UnpackHigh(high01, high23).AsSingle();
    }

    /// <summary>Columns j, 4 + j, 8 + j and 12 + j of sixteen rows from the four rows' quads.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Quarters(Vector512<float> a, Vector512<float> b, Vector512<float> c, Vector512<float> d, float* to, nint stride)
    {
        var ab0 = Avx512F.Shuffle4x128(a, b, 0x88);
        var ab1 = Avx512F.Shuffle4x128(a, b, 0xDD);
        var cd0 = Avx512F.Shuffle4x128(c, d, 0x88);
        var cd1 = Avx512F.Shuffle4x128(c, d, 0xDD);
        Avx512F.Shuffle4x128(ab0, cd0, 0x88).Store(to);
        Avx512F.Shuffle4x128(ab1, cd1, 0x88).Store(to + (4 * stride));
        Avx512F.Shuffle4x128(ab0, cd0, 0xDD).Store(to + (8 * stride));
        Avx512F.Shuffle4x128(ab1, cd1, 0xDD).Store(to + (12 * stride));
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Block8(float** rows, int c, float* scale, float* to, nint stride)
    {
        Quads8(rows, c, scale, out var a0, out var a1, out var a2, out var a3);
        Quads8(rows + 4, c, scale + 4, out var b0, out var b1, out var b2, out var b3);
        Halves(a0, b0, to, stride);
        Halves(a1, b1, to + stride, stride);
        Halves(a2, b2, to + (2 * stride), stride);
        Halves(a3, b3, to + (3 * stride), stride);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Quads8(
        float** rows, int c, float* scale, out Vector256<float> q0, out Vector256<float> q1, out Vector256<float> q2, out Vector256<float> q3)
    {
        var r0 = Vector256.Load(rows[0] + c) * scale[0];
        var r1 = Vector256.Load(rows[1] + c) * scale[1];
        var r2 = Vector256.Load(rows[2] + c) * scale[2];
        var r3 = Vector256.Load(rows[3] + c) * scale[3];
        var low01 = Avx.UnpackLow(r0, r1).AsDouble();
        var high01 = Avx.UnpackHigh(r0, r1).AsDouble();
        var low23 = Avx.UnpackLow(r2, r3).AsDouble();
        var high23 = Avx.UnpackHigh(r2, r3).AsDouble();
        q0 = Avx.UnpackLow(low01, low23).AsSingle();
        q1 = Avx.UnpackHigh(low01, low23).AsSingle();
        q2 = Avx.UnpackLow(high01, high23).AsSingle();
        q3 = Avx.UnpackHigh(high01, high23).AsSingle();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Halves(Vector256<float> a, Vector256<float> b, float* to, nint stride)
    {
        Avx.Permute2x128(a, b, 0x20).Store(to);
        Avx.Permute2x128(a, b, 0x31).Store(to + (4 * stride));
    }
}
