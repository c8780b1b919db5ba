using System.Runtime.CompilerServices;

namespace Recsys.Engine.Numerics;

/// <summary>
/// Y = X·M for a batch of rows X and one k × k matrix M that they share; k a multiple of 16. Every element of Y is summed
/// in the same order whatever the batch, so a row's result does not depend on its neighbours.
/// </summary>
internal static unsafe class SmallProduct<TOps, TVector>
    where TOps : struct, IVectorOps<TVector>
    where TVector : struct
{
    /// <summary>Y = X·M. X and Y do not overlap.</summary>
    public static void Multiply(float* x, nint ldx, int rows, float* m, nint ldm, int k, MatrixShape shape, float* y, nint ldy)
    {
        int width = 2 * TOps.Lanes;
        for (int j = 0; j < k; j += width)
        {
            int from = shape == MatrixShape.Lower ? j : 0;
            int to = shape == MatrixShape.Upper ? Math.Min(k, j + width) : k;
            bool two = j + width <= k;
            float* mj = m + (from * ldm) + j;
            int r = 0;
            if (TOps.Lanes == 16)
            {
                for (; two && r + 8 <= rows; r += 8)
                {
                    Tile8X2(x + (r * ldx) + from, ldx, mj, ldm, to - from, y + (r * ldy) + j, ldy);
                }
            }

            for (; two && r + 4 <= rows; r += 4)
            {
                Tile4X2(x + (r * ldx) + from, ldx, mj, ldm, to - from, y + (r * ldy) + j, ldy);
            }

            for (; r < rows; r++)
            {
                for (int c = 0; c < (two ? width : k - j); c += TOps.Lanes)
                {
                    Tile1X1(x + (r * ldx) + from, mj + c, ldm, to - from, y + (r * ldy) + j + c);
                }
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Tile8X2(float* x, nint ldx, float* m, nint ldm, int length, float* y, nint ldy)
    {
        TVector c00 = TOps.Zero, c01 = TOps.Zero, c10 = TOps.Zero, c11 = TOps.Zero;
        TVector c20 = TOps.Zero, c21 = TOps.Zero, c30 = TOps.Zero, c31 = TOps.Zero;
        TVector c40 = TOps.Zero, c41 = TOps.Zero, c50 = TOps.Zero, c51 = TOps.Zero;
        TVector c60 = TOps.Zero, c61 = TOps.Zero, c70 = TOps.Zero, c71 = TOps.Zero;
        float* x3 = x + (3 * ldx);
        float* x6 = x + (6 * ldx);
        for (nint l = 0; l < length; l++)
        {
            var b0 = TOps.Load(m);
            var b1 = TOps.Load(m + TOps.Lanes);
            var s0 = TOps.Broadcast(x[l]);
            c00 = TOps.MultiplyAdd(s0, b0, c00);
            c01 = TOps.MultiplyAdd(s0, b1, c01);
            var s1 = TOps.Broadcast(x[l + ldx]);
            c10 = TOps.MultiplyAdd(s1, b0, c10);
            c11 = TOps.MultiplyAdd(s1, b1, c11);
            var s2 = TOps.Broadcast(x[l + (2 * ldx)]);
            c20 = TOps.MultiplyAdd(s2, b0, c20);
            c21 = TOps.MultiplyAdd(s2, b1, c21);
            var s3 = TOps.Broadcast(x3[l]);
            c30 = TOps.MultiplyAdd(s3, b0, c30);
            c31 = TOps.MultiplyAdd(s3, b1, c31);
            var s4 = TOps.Broadcast(x3[l + ldx]);
            c40 = TOps.MultiplyAdd(s4, b0, c40);
            c41 = TOps.MultiplyAdd(s4, b1, c41);
            var s5 = TOps.Broadcast(x3[l + (2 * ldx)]);
            c50 = TOps.MultiplyAdd(s5, b0, c50);
            c51 = TOps.MultiplyAdd(s5, b1, c51);
            var s6 = TOps.Broadcast(x6[l]);
            c60 = TOps.MultiplyAdd(s6, b0, c60);
            c61 = TOps.MultiplyAdd(s6, b1, c61);
            var s7 = TOps.Broadcast(x6[l + ldx]);
            c70 = TOps.MultiplyAdd(s7, b0, c70);
            c71 = TOps.MultiplyAdd(s7, b1, c71);
            m += ldm;
        }

        Store2(c00, c01, y);
        Store2(c10, c11, y + ldy);
        Store2(c20, c21, y + (2 * ldy));
        Store2(c30, c31, y + (3 * ldy));
        Store2(c40, c41, y + (4 * ldy));
        Store2(c50, c51, y + (5 * ldy));
        Store2(c60, c61, y + (6 * ldy));
        Store2(c70, c71, y + (7 * ldy));
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Tile4X2(float* x, nint ldx, float* m, nint ldm, int length, float* y, nint ldy)
    {
        TVector c00 = TOps.Zero, c01 = TOps.Zero, c10 = TOps.Zero, c11 = TOps.Zero;
        TVector c20 = TOps.Zero, c21 = TOps.Zero, c30 = TOps.Zero, c31 = TOps.Zero;
        for (nint l = 0; l < length; l++)
        {
            var b0 = TOps.Load(m);
            var b1 = TOps.Load(m + TOps.Lanes);
            var s0 = TOps.Broadcast(x[l]);
            c00 = TOps.MultiplyAdd(s0, b0, c00);
            c01 = TOps.MultiplyAdd(s0, b1, c01);
            var s1 = TOps.Broadcast(x[l + ldx]);
            c10 = TOps.MultiplyAdd(s1, b0, c10);
            c11 = TOps.MultiplyAdd(s1, b1, c11);
            var s2 = TOps.Broadcast(x[l + (2 * ldx)]);
            c20 = TOps.MultiplyAdd(s2, b0, c20);
            c21 = TOps.MultiplyAdd(s2, b1, c21);
            var s3 = TOps.Broadcast(x[l + (3 * ldx)]);
            c30 = TOps.MultiplyAdd(s3, b0, c30);
            c31 = TOps.MultiplyAdd(s3, b1, c31);
            m += ldm;
        }

        Store2(c00, c01, y);
        Store2(c10, c11, y + ldy);
        Store2(c20, c21, y + (2 * ldy));
        Store2(c30, c31, y + (3 * ldy));
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Tile1X1(float* x, float* m, nint ldm, int length, float* y)
    {
        var sum = TOps.Zero;
        for (nint l = 0; l < length; l++)
        {
            sum = TOps.MultiplyAdd(TOps.Broadcast(x[l]), TOps.Load(m), sum);
            m += ldm;
        }

        TOps.Store(sum, y);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store2(TVector c0, TVector c1, float* to)
    {
        TOps.Store(c0, to);
        TOps.Store(c1, to + TOps.Lanes);
    }
}
