using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Recsys.Engine.Numerics;

/// <summary>The vector width a kernel works with. Results differ between levels only by rounding.</summary>
internal enum SimdLevel
{
    /// <summary><see cref="Vector128{T}"/>, which exists everywhere (in software where the processor has none).</summary>
    Portable,

    /// <summary><see cref="Vector256{T}"/> with fused multiply–add.</summary>
    Vector256,

    /// <summary><see cref="Vector512{T}"/>.</summary>
    Vector512,
}

/// <summary>What this processor offers.</summary>
internal static class Simd
{
    /// <summary>The widest level that runs in hardware here.</summary>
    public static SimdLevel Best =>
        Supports(SimdLevel.Vector512) ? SimdLevel.Vector512
        : Supports(SimdLevel.Vector256) ? SimdLevel.Vector256
        : SimdLevel.Portable;

    /// <summary>Whether <paramref name="level"/> runs in hardware here.</summary>
    public static bool Supports(SimdLevel level) => level switch
    {
        SimdLevel.Vector512 => Vector512.IsHardwareAccelerated && Fma.IsSupported,
        SimdLevel.Vector256 => Vector256.IsHardwareAccelerated && Fma.IsSupported,
        _ => true,
    };
}
