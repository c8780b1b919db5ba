using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Recsys.Engine.Numerics;

/// <summary>
/// Copies operands into the order in which kernels read them: slivers of <c>width</c> rows (of A) or columns (of B);
/// in a sliver the values of one k lie together. The last sliver is padded with zeros.
/// </summary>
internal static unsafe class Packing
{
    /// <summary>Packs values (i, k) at <paramref name="source"/> + i + k·<paramref name="kStride"/>, times <paramref name="alpha"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void PackRows(float* source, nint kStride, int count, int k, int width, float alpha, float* target)
    {
        int whole = count / width;
        int rest = count - (whole * width);
        nint sliver = (nint)width * k;
        for (int kk = 0; kk < k; kk++)
        {
            float* from = source + (kk * kStride);
            float* to = target + ((nint)kk * width);
            for (int t = 0; t < whole; t++)
            {
                Scale(from, to, width, alpha);
                from += width;
                to += sliver;
            }

            if (rest > 0)
            {
                for (int i = 0; i < width; i++)
                {
                    to[i] = i < rest ? from[i] * alpha : 0;
                }
            }
        }
    }

    /// <summary>Packs values (i, k) at <paramref name="source"/> + i·<paramref name="iStride"/> + k, times <paramref name="alpha"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void PackColumns(float* source, nint iStride, int count, int k, int width, float alpha, float* target)
    {
        int padded = (count + width - 1) / width * width;
        int i = 0;
        for (; i + 4 <= count; i += 4)
        {
            // Widths are multiples of four, so four neighbours never straddle two slivers.
            float* to = target + ((nint)(i / width) * width * k) + (i % width);
            Transpose(source + (i * iStride), iStride, 4, k, to, width, alpha);
        }

        for (; i < padded; i++)
        {
            float* from = source + (i * iStride);
            float* to = target + ((nint)(i / width) * width * k) + (i % width);
            for (int kk = 0; kk < k; kk++)
            {
                to[(nint)kk * width] = i < count ? from[kk] * alpha : 0;
            }
        }
    }

    /// <summary>target(column, row) = alpha · source(row, column).</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Transpose(float* source, nint sourceStride, int rows, int columns, float* target, nint targetStride, float alpha = 1)
    {
        int row = 0;
        for (; row + 4 <= rows; row += 4)
        {
            float* from = source + (row * sourceStride);
            float* to = target + row;
            int column = 0;
            if (Avx.IsSupported)
            {
                var scale = Vector256.Create(alpha);
                for (; column + 8 <= columns; column += 8)
                {
                    Transpose4X8(from + column, sourceStride, to + (column * targetStride), targetStride, scale);
                }
            }

            for (; column < columns; column++)
            {
                float* cell = to + (column * targetStride);
                cell[0] = from[column] * alpha;
                cell[1] = from[column + sourceStride] * alpha;
                cell[2] = from[column + (2 * sourceStride)] * alpha;
                cell[3] = from[column + (3 * sourceStride)] * alpha;
            }
        }

        for (; row < rows; row++)
        {
            for (int column = 0; column < columns; column++)
            {
                target[(column * targetStride) + row] = source[(row * sourceStride) + column] * alpha;
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Transpose4X8(float* source, nint sourceStride, float* target, nint targetStride, Vector256<float> scale)
    {
        var r0 = Vector256.Load(source) * scale;
        var r1 = Vector256.Load(source + sourceStride) * scale;
        var r2 = Vector256.Load(source + (2 * sourceStride)) * scale;
        var r3 = Vector256.Load(source + (3 * sourceStride)) * scale;
        var t0 = Avx.UnpackLow(r0, r1);
        var t1 = Avx.UnpackHigh(r0, r1);
        var t2 = Avx.UnpackLow(r2, r3);
        var t3 = Avx.UnpackHigh(r2, r3);
        var k0 = Avx.Shuffle(t0, t2, 0x44);
        var k1 = Avx.Shuffle(t0, t2, 0xEE);
        var k2 = Avx.Shuffle(t1, t3, 0x44);
        var k3 = Avx.Shuffle(t1, t3, 0xEE);
        k0.GetLower().Store(target);
        k1.GetLower().Store(target + targetStride);
        k2.GetLower().Store(target + (2 * targetStride));
        k3.GetLower().Store(target + (3 * targetStride));
        target += 4 * targetStride;
        k0.GetUpper().Store(target);
        k1.GetUpper().Store(target + targetStride);
        k2.GetUpper().Store(target + (2 * targetStride));
        k3.GetUpper().Store(target + (3 * targetStride));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Scale(float* from, float* to, int width, float alpha)
    {
        int i = 0;
        if (Vector256.IsHardwareAccelerated)
        {
            var scale = Vector256.Create(alpha);
            for (; i + 8 <= width; i += 8)
            {
                (Vector256.Load(from + i) * scale).Store(to + i);
            }
        }

        for (; i < width; i += 4)
        {
            (Vector128.Load(from + i) * alpha).Store(to + i);
        }
    }
}
