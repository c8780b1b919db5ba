using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Recsys.Engine.Numerics;

/// <summary>Element-wise loops over float32 spans, as wide as the processor's vectors.</summary>
internal static class VectorMath
{
    /// <summary>y ← y + a·x.</summary>
    public static void AddScaled(Span<float> y, float a, ReadOnlySpan<float> x)
    {
        CheckLengths(y.Length, x.Length);
        ref float yRef = ref MemoryMarshal.GetReference(y);
        ref float xRef = ref MemoryMarshal.GetReference(x);
        var scale = new Vector<float>(a);
        int i = 0;
        for (; i <= y.Length - Vector<float>.Count; i += Vector<float>.Count)
        {
            Vector.FusedMultiplyAdd(Load(ref xRef, i), scale, Load(ref yRef, i)).StoreUnsafe(ref yRef, (nuint)i);
        }

        for (; i < y.Length; i++)
        {
            y[i] = MathF.FusedMultiplyAdd(x[i], a, y[i]);
        }
    }

    /// <summary>y ← y ∘ x.</summary>
    public static void Multiply(Span<float> y, ReadOnlySpan<float> x)
    {
        CheckLengths(y.Length, x.Length);
        ref float yRef = ref MemoryMarshal.GetReference(y);
        ref float xRef = ref MemoryMarshal.GetReference(x);
        int i = 0;
        for (; i <= y.Length - Vector<float>.Count; i += Vector<float>.Count)
        {
            (Load(ref xRef, i) * Load(ref yRef, i)).StoreUnsafe(ref yRef, (nuint)i);
        }

        for (; i < y.Length; i++)
        {
            y[i] *= x[i];
        }
    }

    /// <summary>y ← max(y, 0).</summary>
    public static void ClampNegative(Span<float> y)
    {
        ref float yRef = ref MemoryMarshal.GetReference(y);
        int i = 0;
        for (; i <= y.Length - Vector<float>.Count; i += Vector<float>.Count)
        {
            Vector.Max(Load(ref yRef, i), Vector<float>.Zero).StoreUnsafe(ref yRef, (nuint)i);
        }

        for (; i < y.Length; i++)
        {
            y[i] = MathF.Max(y[i], 0);
        }
    }

    private static Vector<float> Load(ref float reference, int index) => Vector.LoadUnsafe(ref reference, (nuint)index);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void CheckLengths(int y, int x)
    {
        if (y != x)
        {
            throw new ArgumentException($"lengths differ: {y} and {x}");
        }
    }
}
