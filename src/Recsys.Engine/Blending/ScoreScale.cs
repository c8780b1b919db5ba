using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Recsys.Engine.Blending;

/// <summary>
/// Brings the scores of different models to one scale: a user's scores are divided by their standard deviation over
/// all items. The mean needs no taking off: it is the same for every item and changes no ranking.
/// </summary>
internal static class ScoreScale
{
    private const int Lanes = 16;

    /// <summary>
    /// 1 / the standard deviation of the scores; 0 where they do not differ or are not all finite, so that such a model
    /// says nothing. The same bits for every vector width: sixteen running sums, added in order.
    /// </summary>
    public static float InverseDeviation(ReadOnlySpan<float> scores)
    {
        double mean = Sum(scores, 0, squared: false) / Math.Max(1, scores.Length);
        double variance = Sum(scores, (float)mean, squared: true) / Math.Max(1, scores.Length);
        double inverse = 1 / Math.Sqrt(variance);
        return variance > 0 && double.IsFinite(variance) && inverse <= float.MaxValue ? (float)inverse : 0;
    }

    private static double Sum(ReadOnlySpan<float> values, float off, bool squared)
    {
        ref float first = ref MemoryMarshal.GetReference(values);
        var sums = Vector512<float>.Zero;
        var shift = Vector512.Create(off);
        int i = 0;
        double total = 0;
        for (; i <= values.Length - Lanes; i += Lanes)
        {
            var x = Vector512.LoadUnsafe(ref first, (nuint)i) - shift;
            sums += squared ? x * x : x;

            // float sums of a few thousand terms are exact enough; longer ones are carried over in double
            if ((i & 0xFFFF) == 0xFFF0)
            {
                total += Total(sums);
                sums = Vector512<float>.Zero;
            }
        }

        total += Total(sums);
        for (; i < values.Length; i++)
        {
            float x = values[i] - off;
            total += squared ? x * x : x;
        }

        return total;
    }

    private static double Total(Vector512<float> sums)
    {
        double total = 0;
        for (int lane = 0; lane < Lanes; lane++)
        {
            total += sums[lane];
        }

        return total;
    }
}
