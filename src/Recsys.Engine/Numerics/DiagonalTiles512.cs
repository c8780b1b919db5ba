using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Recsys.Engine.Numerics;

/// <summary>
/// Tiles of <see cref="RankUpdate{TOps,TVector}"/> for sixteen lanes whose first half register lies below the diagonal:
/// they leave that half out.
/// </summary>
internal static unsafe class DiagonalTiles512
{
    /// <summary>8 rows × (8 + 16) columns: <paramref name="c"/> and <paramref name="vj"/> at the first of the 24 columns.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Tile8X24(float* c, nint ldc, float* vi, float* vj, nint ldv, int h, float sign)
    {
        Vector256<float> a0 = default, a1 = default, a2 = default, a3 = default, a4 = default, a5 = default, a6 = default, a7 = default;
        Vector512<float> b0 = default, b1 = default, b2 = default, b3 = default, b4 = default, b5 = default, b6 = default, b7 = default;
        for (int x = 0; x < h; x++)
        {
            var near = Vector256.Load(vj);
            var far = Vector512.Load(vj + 8);
            var s0 = Vector512.Create(vi[0]);
            a0 = Vector256.FusedMultiplyAdd(s0.GetLower(), near, a0);
            b0 = Vector512.FusedMultiplyAdd(s0, far, b0);
            var s1 = Vector512.Create(vi[1]);
            a1 = Vector256.FusedMultiplyAdd(s1.GetLower(), near, a1);
            b1 = Vector512.FusedMultiplyAdd(s1, far, b1);
            var s2 = Vector512.Create(vi[2]);
            a2 = Vector256.FusedMultiplyAdd(s2.GetLower(), near, a2);
            b2 = Vector512.FusedMultiplyAdd(s2, far, b2);
            var s3 = Vector512.Create(vi[3]);
            a3 = Vector256.FusedMultiplyAdd(s3.GetLower(), near, a3);
            b3 = Vector512.FusedMultiplyAdd(s3, far, b3);
            var s4 = Vector512.Create(vi[4]);
            a4 = Vector256.FusedMultiplyAdd(s4.GetLower(), near, a4);
            b4 = Vector512.FusedMultiplyAdd(s4, far, b4);
            var s5 = Vector512.Create(vi[5]);
            a5 = Vector256.FusedMultiplyAdd(s5.GetLower(), near, a5);
            b5 = Vector512.FusedMultiplyAdd(s5, far, b5);
            var s6 = Vector512.Create(vi[6]);
            a6 = Vector256.FusedMultiplyAdd(s6.GetLower(), near, a6);
            b6 = Vector512.FusedMultiplyAdd(s6, far, b6);
            var s7 = Vector512.Create(vi[7]);
            a7 = Vector256.FusedMultiplyAdd(s7.GetLower(), near, a7);
            b7 = Vector512.FusedMultiplyAdd(s7, far, b7);
            vi += ldv;
            vj += ldv;
        }

        Add(c, sign, a0, b0);
        Add(c + ldc, sign, a1, b1);
        Add(c + (2 * ldc), sign, a2, b2);
        Add(c + (3 * ldc), sign, a3, b3);
        Add(c + (4 * ldc), sign, a4, b4);
        Add(c + (5 * ldc), sign, a5, b5);
        Add(c + (6 * ldc), sign, a6, b6);
        Add(c + (7 * ldc), sign, a7, b7);
    }

    /// <summary>8 rows × 8 columns.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Tile8X8(float* c, nint ldc, float* vi, float* vj, nint ldv, int h, float sign)
    {
        Vector256<float> a0 = default, a1 = default, a2 = default, a3 = default, a4 = default, a5 = default, a6 = default, a7 = default;
        for (int x = 0; x < h; x++)
        {
            var b = Vector256.Load(vj);
            a0 = Vector256.FusedMultiplyAdd(Vector256.Create(vi[0]), b, a0);
            a1 = Vector256.FusedMultiplyAdd(Vector256.Create(vi[1]), b, a1);
            a2 = Vector256.FusedMultiplyAdd(Vector256.Create(vi[2]), b, a2);
            a3 = Vector256.FusedMultiplyAdd(Vector256.Create(vi[3]), b, a3);
            a4 = Vector256.FusedMultiplyAdd(Vector256.Create(vi[4]), b, a4);
            a5 = Vector256.FusedMultiplyAdd(Vector256.Create(vi[5]), b, a5);
            a6 = Vector256.FusedMultiplyAdd(Vector256.Create(vi[6]), b, a6);
            a7 = Vector256.FusedMultiplyAdd(Vector256.Create(vi[7]), b, a7);
            vi += ldv;
            vj += ldv;
        }

        Add(c, sign, a0);
        Add(c + ldc, sign, a1);
        Add(c + (2 * ldc), sign, a2);
        Add(c + (3 * ldc), sign, a3);
        Add(c + (4 * ldc), sign, a4);
        Add(c + (5 * ldc), sign, a5);
        Add(c + (6 * ldc), sign, a6);
        Add(c + (7 * ldc), sign, a7);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Add(float* c, float sign, Vector256<float> near, Vector512<float> far)
    {
        Add(c, sign, near);
        Vector512.FusedMultiplyAdd(Vector512.Create(sign), far, Vector512.Load(c + 8)).Store(c + 8);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Add(float* c, float sign, Vector256<float> near) =>
        Vector256.FusedMultiplyAdd(Vector256.Create(sign), near, Vector256.Load(c)).Store(c);
}
