using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Recsys.Engine.Logistic;

/// <summary>
/// The few vector loops of a step. Lengths are multiples of 16 and rows 64-byte aligned. Both paths take the same
/// sums in the same order, so their results agree bit for bit.
/// </summary>
internal static unsafe class FactorKernels
{
    /// <summary>a·b.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Dot(float* a, float* b, int length)
    {
        if (Vector512.IsHardwareAccelerated)
        {
            var sum = Vector512.LoadAligned(a) * Vector512.LoadAligned(b);
            for (int f = 16; f < length; f += 16)
            {
                sum = Vector512.FusedMultiplyAdd(Vector512.LoadAligned(a + f), Vector512.LoadAligned(b + f), sum);
            }

            return Vector256.Sum(sum.GetLower() + sum.GetUpper());
        }

        var low = Vector256.LoadAligned(a) * Vector256.LoadAligned(b);
        var high = Vector256.LoadAligned(a + 8) * Vector256.LoadAligned(b + 8);
        for (int f = 16; f < length; f += 16)
        {
            low = Vector256.FusedMultiplyAdd(Vector256.LoadAligned(a + f), Vector256.LoadAligned(b + f), low);
            high = Vector256.FusedMultiplyAdd(Vector256.LoadAligned(a + f + 8), Vector256.LoadAligned(b + f + 8), high);
        }

        return Vector256.Sum(low + high);
    }

    /// <summary>y ← y + c·x.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void AddScaled(float* y, float c, float* x, int length)
    {
        if (Vector512.IsHardwareAccelerated)
        {
            var factor = Vector512.Create(c);
            for (int f = 0; f < length; f += 16)
            {
                Vector512.FusedMultiplyAdd(factor, Vector512.LoadAligned(x + f), Vector512.LoadAligned(y + f)).StoreAligned(y + f);
            }

            return;
        }

        var half = Vector256.Create(c);
        for (int f = 0; f < length; f += 8)
        {
            Vector256.FusedMultiplyAdd(half, Vector256.LoadAligned(x + f), Vector256.LoadAligned(y + f)).StoreAligned(y + f);
        }
    }

    /// <summary>y ← a·y + c·x.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void ScaleAndAdd(float* y, float a, float c, float* x, int length)
    {
        if (Vector512.IsHardwareAccelerated)
        {
            var keep = Vector512.Create(a);
            var factor = Vector512.Create(c);
            for (int f = 0; f < length; f += 16)
            {
                Vector512.FusedMultiplyAdd(factor, Vector512.LoadAligned(x + f), keep * Vector512.LoadAligned(y + f)).StoreAligned(y + f);
            }

            return;
        }

        var keepHalf = Vector256.Create(a);
        var half = Vector256.Create(c);
        for (int f = 0; f < length; f += 8)
        {
            Vector256.FusedMultiplyAdd(half, Vector256.LoadAligned(x + f), keepHalf * Vector256.LoadAligned(y + f)).StoreAligned(y + f);
        }
    }

    /// <summary>y ← y + (a − b); where a = b nothing of y changes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void AddDifference(float* y, float* a, float* b, int length)
    {
        for (int f = 0; f < length; f += 8)
        {
            (Vector256.LoadAligned(y + f) + (Vector256.LoadAligned(a + f) - Vector256.LoadAligned(b + f))).StoreAligned(y + f);
        }
    }
}
