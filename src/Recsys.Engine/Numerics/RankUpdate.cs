using System.Runtime.CompilerServices;

namespace Recsys.Engine.Numerics;

/// <summary>
/// Sums of outer products for small symmetric systems. Matrices are row-major and only their upper triangle is kept; what is below it in the 16 × 16 blocks
/// on the diagonal has no meaning. Sizes are multiples of 16, rows 64-byte aligned.
/// </summary>
/// <remarks>
/// The tile is 8 × 32 for sixteen lanes (sixteen accumulators: two loads and eight broadcasts for sixteen
/// multiply–adds) and 4 × 2 registers for narrower ones; tiles wholly below the diagonal are skipped.
/// </remarks>
internal static unsafe class RankUpdate<TOps, TVector>
    where TOps : struct, IVectorOps<TVector>
    where TVector : struct
{
    /// <summary>A += Σ_h v_h v_hᵀ for the h rows of v, each n long.</summary>
    public static void Add(float* a, nint lda, int n, float* v, nint ldv, int h)
    {
        if (h > 0)
        {
            Panel(a, lda, 0, n, n, v, ldv, h, 1f);
        }
    }

    /// <summary>Rows [row, row + 16) of A −= Σ_h v_h v_hᵀ, columns from <paramref name="row"/> on.</summary>
    public static void Subtract16(float* a, nint lda, int row, int n, float* v, nint ldv, int h)
    {
        if (h > 0)
        {
            Panel(a, lda, row, row + 16, n, v, ldv, h, -1f);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Panel(float* a, nint lda, int firstRow, int endRow, int n, float* v, nint ldv, int h, float sign)
    {
        if (TOps.Lanes == 16)
        {
            for (int j = firstRow & ~31; j < n; j += 32)
            {
                int end = Math.Min(endRow, Math.Min(n, j + 32));
                for (int i = firstRow; i < end; i += 8)
                {
                    float* c = a + (i * lda) + j;
                    if (i >= j + 24)
                    {
                        DiagonalTiles512.Tile8X8(c + 24, lda, v + i, v + j + 24, ldv, h, sign);
                    }
                    else if (i >= j + 16)
                    {
                        Tile8X1(c + 16, lda, v + i, v + j + 16, ldv, h, sign);
                    }
                    else if (j + 16 >= n)
                    {
                        if (i >= j + 8)
                        {
                            DiagonalTiles512.Tile8X8(c + 8, lda, v + i, v + j + 8, ldv, h, sign);
                        }
                        else
                        {
                            Tile8X1(c, lda, v + i, v + j, ldv, h, sign);
                        }
                    }
                    else if (i >= j + 8)
                    {
                        DiagonalTiles512.Tile8X24(c + 8, lda, v + i, v + j + 8, ldv, h, sign);
                    }
                    else
                    {
                        Tile8X2(c, lda, v + i, v + j, ldv, h, sign);
                    }
                }
            }

            return;
        }

        int width = 2 * TOps.Lanes;
        for (int j = firstRow; j < n; j += width)
        {
            int end = Math.Min(endRow, (j + width + 15) & ~15);
            for (int i = firstRow; i < end; i += 4)
            {
                Tile4X2(a + (i * lda) + j, lda, v + i, v + j, ldv, h, sign);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Tile8X2(float* c, nint ldc, float* vi, float* vj, nint ldv, int h, float sign)
    {
        TVector c00 = TOps.Zero, c01 = TOps.Zero, c10 = TOps.Zero, c11 = TOps.Zero;
        TVector c20 = TOps.Zero, c21 = TOps.Zero, c30 = TOps.Zero, c31 = TOps.Zero;
        TVector c40 = TOps.Zero, c41 = TOps.Zero, c50 = TOps.Zero, c51 = TOps.Zero;
        TVector c60 = TOps.Zero, c61 = TOps.Zero, c70 = TOps.Zero, c71 = TOps.Zero;
        for (int x = 0; x < h; x++)
        {
            var b0 = TOps.Load(vj);
            var b1 = TOps.Load(vj + TOps.Lanes);
            var s0 = TOps.Broadcast(vi[0]);
            c00 = TOps.MultiplyAdd(s0, b0, c00);
            c01 = TOps.MultiplyAdd(s0, b1, c01);
            var s1 = TOps.Broadcast(vi[1]);
            c10 = TOps.MultiplyAdd(s1, b0, c10);
            c11 = TOps.MultiplyAdd(s1, b1, c11);
            var s2 = TOps.Broadcast(vi[2]);
            c20 = TOps.MultiplyAdd(s2, b0, c20);
            c21 = TOps.MultiplyAdd(s2, b1, c21);
            var s3 = TOps.Broadcast(vi[3]);
            c30 = TOps.MultiplyAdd(s3, b0, c30);
            c31 = TOps.MultiplyAdd(s3, b1, c31);
            var s4 = TOps.Broadcast(vi[4]);
            c40 = TOps.MultiplyAdd(s4, b0, c40);
            c41 = TOps.MultiplyAdd(s4, b1, c41);
            var s5 = TOps.Broadcast(vi[5]);
            c50 = TOps.MultiplyAdd(s5, b0, c50);
            c51 = TOps.MultiplyAdd(s5, b1, c51);
            var s6 = TOps.Broadcast(vi[6]);
            c60 = TOps.MultiplyAdd(s6, b0, c60);
            c61 = TOps.MultiplyAdd(s6, b1, c61);
            var s7 = TOps.Broadcast(vi[7]);
            c70 = TOps.MultiplyAdd(s7, b0, c70);
            c71 = TOps.MultiplyAdd(s7, b1, c71);
            vi += ldv;
            vj += ldv;
        }

        var sign1 = TOps.Broadcast(sign);
        Add2(c, sign1, c00, c01);
        Add2(c + ldc, sign1, c10, c11);
        Add2(c + (2 * ldc), sign1, c20, c21);
        Add2(c + (3 * ldc), sign1, c30, c31);
        Add2(c + (4 * ldc), sign1, c40, c41);
        Add2(c + (5 * ldc), sign1, c50, c51);
        Add2(c + (6 * ldc), sign1, c60, c61);
        Add2(c + (7 * ldc), sign1, c70, c71);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Tile8X1(float* c, nint ldc, float* vi, float* vj, nint ldv, int h, float sign)
    {
        TVector c0 = TOps.Zero, c1 = TOps.Zero, c2 = TOps.Zero, c3 = TOps.Zero;
        TVector c4 = TOps.Zero, c5 = TOps.Zero, c6 = TOps.Zero, c7 = TOps.Zero;
        for (int x = 0; x < h; x++)
        {
            var b = TOps.Load(vj);
            c0 = TOps.MultiplyAdd(TOps.Broadcast(vi[0]), b, c0);
            c1 = TOps.MultiplyAdd(TOps.Broadcast(vi[1]), b, c1);
            c2 = TOps.MultiplyAdd(TOps.Broadcast(vi[2]), b, c2);
            c3 = TOps.MultiplyAdd(TOps.Broadcast(vi[3]), b, c3);
            c4 = TOps.MultiplyAdd(TOps.Broadcast(vi[4]), b, c4);
            c5 = TOps.MultiplyAdd(TOps.Broadcast(vi[5]), b, c5);
            c6 = TOps.MultiplyAdd(TOps.Broadcast(vi[6]), b, c6);
            c7 = TOps.MultiplyAdd(TOps.Broadcast(vi[7]), b, c7);
            vi += ldv;
            vj += ldv;
        }

        var sign1 = TOps.Broadcast(sign);
        Add1(c, sign1, c0);
        Add1(c + ldc, sign1, c1);
        Add1(c + (2 * ldc), sign1, c2);
        Add1(c + (3 * ldc), sign1, c3);
        Add1(c + (4 * ldc), sign1, c4);
        Add1(c + (5 * ldc), sign1, c5);
        Add1(c + (6 * ldc), sign1, c6);
        Add1(c + (7 * ldc), sign1, c7);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Tile4X2(float* c, nint ldc, float* vi, float* vj, nint ldv, int h, float sign)
    {
        TVector c00 = TOps.Zero, c01 = TOps.Zero, c10 = TOps.Zero, c11 = TOps.Zero;
        TVector c20 = TOps.Zero, c21 = TOps.Zero, c30 = TOps.Zero, c31 = TOps.Zero;
        for (int x = 0; x < h; x++)
        {
            var b0 = TOps.Load(vj);
            var b1 = TOps.Load(vj + TOps.Lanes);
            var s0 = TOps.Broadcast(vi[0]);
            c00 = TOps.MultiplyAdd(s0, b0, c00);
            c01 = TOps.MultiplyAdd(s0, b1, c01);
            var s1 = TOps.Broadcast(vi[1]);
            c10 = TOps.MultiplyAdd(s1, b0, c10);
            c11 = TOps.MultiplyAdd(s1, b1, c11);
            var s2 = TOps.Broadcast(vi[2]);
            c20 = TOps.MultiplyAdd(s2, b0, c20);
            c21 = TOps.MultiplyAdd(s2, b1, c21);
            var s3 = TOps.Broadcast(vi[3]);
            c30 = TOps.MultiplyAdd(s3, b0, c30);
            c31 = TOps.MultiplyAdd(s3, b1, c31);
            vi += ldv;
            vj += ldv;
        }

        var sign1 = TOps.Broadcast(sign);
        Add2(c, sign1, c00, c01);
        Add2(c + ldc, sign1, c10, c11);
        Add2(c + (2 * ldc), sign1, c20, c21);
        Add2(c + (3 * ldc), sign1, c30, c31);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Add2(float* c, TVector sign, TVector x0, TVector x1)
    {
        Add1(c, sign, x0);
        Add1(c + TOps.Lanes, sign, x1);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Add1(float* c, TVector sign, TVector x) => TOps.Store(TOps.MultiplyAdd(sign, x, TOps.Load(c)), c);
}
