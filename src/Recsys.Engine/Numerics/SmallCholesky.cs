using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Recsys.Engine.Numerics;

/// <summary>
/// Cholesky factorisation A = UᵀU of one small system and the solution with it. The matrix is row-major with its upper
/// triangle, n a multiple of 16, rows 64-byte aligned; unused dimensions have 1 on the
/// diagonal. Left-looking over panels of 16 rows: the panel gets all earlier rows' contributions by the tile of
/// <see cref="RankUpdate{TOps,TVector}"/> at once, then is factored.
/// </summary>
internal static unsafe class SmallCholesky<TOps, TVector>
    where TOps : struct, IVectorOps<TVector>
    where TVector : struct
{
    /// <summary>Pivots below this share of their diagonal element are rounding noise: the matrix counts as singular.</summary>
    public const float PivotTolerance = 2.4e-7f;

    /// <summary>Overwrites A by U. Returns −1, or the pivot that was not positive (or not a number).</summary>
    /// <param name="a">The matrix.</param>
    /// <param name="lda">Floats from one row to the next.</param>
    /// <param name="n">Its size.</param>
    /// <param name="inverseDiagonal">Receives 1 / U_jj.</param>
    public static int Factor(float* a, nint lda, int n, float* inverseDiagonal)
    {
        for (int p = 0; p < n; p += 16)
        {
            float* panel = a + (p * lda) + p;
            float* original = inverseDiagonal + p;
            for (int j = 0; j < 16; j++)
            {
                original[j] = panel[(j * lda) + j];
            }

            RankUpdate<TOps, TVector>.Subtract16(a, lda, p, n, a, lda, p);
            int failed = FactorDiagonal(panel, lda, inverseDiagonal + p);
            if (failed >= 0)
            {
                return p + failed;
            }

            SolvePanel(panel, lda, n - p - 16, inverseDiagonal + p);
        }

        return -1;
    }

    /// <summary>Overwrites b by A⁻¹ b, with what <see cref="Factor"/> left.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Solve(float* u, nint ldu, int n, float* inverseDiagonal, float* b)
    {
        float* solved = stackalloc float[16];
        for (int p = 0; p < n; p += 16)
        {
            SubtractColumns(u + p, ldu, p, b, b + p);
            float* diagonal = u + (p * ldu) + p;
            for (int j = 0; j < 16; j++)
            {
                // What this does to places before j does not matter: they are solved.
                float y = b[p + j] * inverseDiagonal[p + j];
                solved[j] = y;
                Axpy16(-y, diagonal + (j * ldu), b + p);
            }

            for (int c = 0; c < 16; c += TOps.Lanes)
            {
                TOps.Store(TOps.Load(solved + c), b + p + c);
            }
        }

        for (int p = n - 16; p >= 0; p -= 16)
        {
            for (int j = 12; j >= 0; j -= 4)
            {
                Dots4(u + ((p + j) * ldu), ldu, p + 16, n, b, b + p + j);
            }

            float* diagonal = u + (p * ldu) + p;
            for (int j = 15; j >= 0; j--)
            {
                float x = b[p + j];
                for (int l = j + 1; l < 16; l++)
                {
                    x -= diagonal[(j * ldu) + l] * b[p + l];
                }

                b[p + j] = x * inverseDiagonal[p + j];
            }
        }
    }

    /// <summary>The 16 × 16 block at the diagonal; on entry <paramref name="inverse"/> holds A's own diagonal.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static int FactorDiagonal(float* d, nint ldd, float* inverse)
    {
        for (int j = 0; j < 16; j++)
        {
            float* row = d + (j * ldd);
            float pivot = row[j];
            if (!(pivot > PivotTolerance * inverse[j]) || !(pivot <= float.MaxValue))
            {
                return j;
            }

            float scale = 1f / MathF.Sqrt(pivot);
            inverse[j] = scale;
            var s = TOps.Broadcast(scale);
            for (int c = 0; c < 16; c += TOps.Lanes)
            {
                TOps.Store(TOps.Multiply(s, TOps.Load(row + c)), row + c);
            }

            for (int i = j + 1; i < 16; i++)
            {
                Axpy16(-row[i], row, d + (i * ldd));
            }
        }

        return -1;
    }

    /// <summary>U₁₂ = U₁₁⁻ᵀ A₁₂ for the <paramref name="columns"/> columns right of the diagonal block.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void SolvePanel(float* diagonal, nint ld, int columns, float* inverse)
    {
        int lanes = TOps.Lanes;
        int c = 16;
        int end = 16 + columns;
        for (; c + (4 * lanes) <= end; c += 4 * lanes)
        {
            for (int j = 0; j < 16; j++)
            {
                float* to = diagonal + (j * ld) + c;
                TVector x0 = TOps.Load(to), x1 = TOps.Load(to + lanes), x2 = TOps.Load(to + (2 * lanes)), x3 = TOps.Load(to + (3 * lanes));
                float* from = diagonal + c;
                float* factor = diagonal + j;
                for (int i = 0; i < j; i++)
                {
                    var f = TOps.Broadcast(-*factor);
                    x0 = TOps.MultiplyAdd(f, TOps.Load(from), x0);
                    x1 = TOps.MultiplyAdd(f, TOps.Load(from + lanes), x1);
                    x2 = TOps.MultiplyAdd(f, TOps.Load(from + (2 * lanes)), x2);
                    x3 = TOps.MultiplyAdd(f, TOps.Load(from + (3 * lanes)), x3);
                    from += ld;
                    factor += ld;
                }

                var s = TOps.Broadcast(inverse[j]);
                TOps.Store(TOps.Multiply(s, x0), to);
                TOps.Store(TOps.Multiply(s, x1), to + lanes);
                TOps.Store(TOps.Multiply(s, x2), to + (2 * lanes));
                TOps.Store(TOps.Multiply(s, x3), to + (3 * lanes));
            }
        }

        for (; c < end; c += lanes)
        {
            for (int j = 0; j < 16; j++)
            {
                float* to = diagonal + (j * ld) + c;
                var x = TOps.Load(to);
                for (int i = 0; i < j; i++)
                {
                    x = TOps.MultiplyAdd(TOps.Broadcast(-diagonal[(i * ld) + j]), TOps.Load(diagonal + (i * ld) + c), x);
                }

                TOps.Store(TOps.Multiply(TOps.Broadcast(inverse[j]), x), to);
            }
        }
    }

    /// <summary>y[0..16) −= Σ_h x_h u[h][0..16) over <paramref name="h"/> rows (a multiple of 16).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void SubtractColumns(float* u, nint ldu, int h, float* x, float* y)
    {
        for (int c = 0; c < 16; c += TOps.Lanes)
        {
            TVector y0 = TOps.Load(y + c), y1 = TOps.Zero, y2 = TOps.Zero, y3 = TOps.Zero;
            float* from = u + c;
            for (int i = 0; i < h; i += 4)
            {
                y0 = TOps.MultiplyAdd(TOps.Broadcast(-x[i]), TOps.Load(from), y0);
                y1 = TOps.MultiplyAdd(TOps.Broadcast(-x[i + 1]), TOps.Load(from + ldu), y1);
                y2 = TOps.MultiplyAdd(TOps.Broadcast(-x[i + 2]), TOps.Load(from + (2 * ldu)), y2);
                y3 = TOps.MultiplyAdd(TOps.Broadcast(-x[i + 3]), TOps.Load(from + (3 * ldu)), y3);
                from += 4 * ldu;
            }

            TOps.Store(TOps.Add(TOps.Add(y0, y1), TOps.Add(y2, y3)), y + c);
        }
    }

    /// <summary>y[r] −= Σ_c u[r][c] x[c] for four rows r and the columns [from, to).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Dots4(float* u, nint ldu, int from, int to, float* x, float* y)
    {
        TVector d0 = TOps.Zero, d1 = TOps.Zero, d2 = TOps.Zero, d3 = TOps.Zero;
        for (int c = from; c < to; c += TOps.Lanes)
        {
            var v = TOps.Load(x + c);
            d0 = TOps.MultiplyAdd(TOps.Load(u + c), v, d0);
            d1 = TOps.MultiplyAdd(TOps.Load(u + ldu + c), v, d1);
            d2 = TOps.MultiplyAdd(TOps.Load(u + (2 * ldu) + c), v, d2);
            d3 = TOps.MultiplyAdd(TOps.Load(u + (3 * ldu) + c), v, d3);
        }

        (Vector128.Load(y) - TOps.Sum4(d0, d1, d2, d3)).Store(y);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Axpy16(float a, float* x, float* y)
    {
        var f = TOps.Broadcast(a);
        for (int c = 0; c < 16; c += TOps.Lanes)
        {
            TOps.Store(TOps.MultiplyAdd(f, TOps.Load(x + c), TOps.Load(y + c)), y + c);
        }
    }
}
