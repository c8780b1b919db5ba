using System.Runtime.InteropServices;
using Recsys.Engine.Models;
using Recsys.Engine.Numerics;

namespace Recsys.Engine.Serving;

/// <summary>Ranks candidates of a rounded index by the exact factors.</summary>
internal static unsafe class Rescoring
{
    /// <summary>
    /// Puts the best of <paramref name="candidates"/> (which are reordered) into <paramref name="results"/>, best first;
    /// returns how many. The scores are those of the float32 format, bit for bit.
    /// </summary>
    public static int Rank(DenseMatrix factors, ReadOnlySpan<float> user, Span<ScoredItem> candidates, Span<ScoredItem> results)
    {
        // A selection takes its items in ascending order.
        var items = MemoryMarshal.Cast<ScoredItem, int>(candidates);
        for (int c = 0; c < candidates.Length; c++)
        {
            items[c] = candidates[c].Item;
        }

        items = items[..candidates.Length];
        items.Sort();
        var selector = new TopSelector(default, ItemFilter.Default, results);
        fixed (float* u = user)
        {
            // Four at a time: one alone would wait for its own sums.
            float* scores = stackalloc float[4];
            for (int c = 0; c < items.Length; c += 4)
            {
                int last = items.Length - 1;
                Dots(
                    u,
                    user.Length,
                    factors.RowPointer(items[c]),
                    factors.RowPointer(items[Math.Min(c + 1, last)]),
                    factors.RowPointer(items[Math.Min(c + 2, last)]),
                    factors.RowPointer(items[Math.Min(c + 3, last)]),
                    scores);
                for (int j = 0; j < 4 && c + j <= last; j++)
                {
                    selector.Offer(items[c + j], scores[j]);
                }
            }
        }

        return selector.Finish();
    }

    /// <summary>Scores of the first items, in the order of summation of the float32 format.</summary>
    public static void Score(DenseMatrix factors, int items, ReadOnlySpan<float> user, Span<float> scores)
    {
        fixed (float* u = user, s = scores)
        {
            float* four = stackalloc float[4];
            for (int i = 0; i < items; i += 4)
            {
                int last = items - 1;
                Dots(
                    u,
                    user.Length,
                    factors.RowPointer(i),
                    factors.RowPointer(Math.Min(i + 1, last)),
                    factors.RowPointer(Math.Min(i + 2, last)),
                    factors.RowPointer(Math.Min(i + 3, last)),
                    four);
                for (int j = 0; j < 4 && i + j <= last; j++)
                {
                    s[i + j] = four[j];
                }
            }
        }

        GC.KeepAlive(factors);
    }

    private static void Dots(float* user, int k, float* a, float* b, float* c, float* d, float* scores)
    {
        float a0 = 0, a1 = 0, b0 = 0, b1 = 0, c0 = 0, c1 = 0, d0 = 0, d1 = 0;
        int f = 0;
        for (; f + 2 <= k; f += 2)
        {
            a0 = MathF.FusedMultiplyAdd(a[f], user[f], a0);
            b0 = MathF.FusedMultiplyAdd(b[f], user[f], b0);
            c0 = MathF.FusedMultiplyAdd(c[f], user[f], c0);
            d0 = MathF.FusedMultiplyAdd(d[f], user[f], d0);
            a1 = MathF.FusedMultiplyAdd(a[f + 1], user[f + 1], a1);
            b1 = MathF.FusedMultiplyAdd(b[f + 1], user[f + 1], b1);
            c1 = MathF.FusedMultiplyAdd(c[f + 1], user[f + 1], c1);
            d1 = MathF.FusedMultiplyAdd(d[f + 1], user[f + 1], d1);
        }

        if (f < k)
        {
            a0 = MathF.FusedMultiplyAdd(a[f], user[f], a0);
            b0 = MathF.FusedMultiplyAdd(b[f], user[f], b0);
            c0 = MathF.FusedMultiplyAdd(c[f], user[f], c0);
            d0 = MathF.FusedMultiplyAdd(d[f], user[f], d0);
        }

        scores[0] = a0 + a1;
        scores[1] = b0 + b1;
        scores[2] = c0 + c1;
        scores[3] = d0 + d1;
    }
}
