using System.Runtime.Intrinsics;

namespace Recsys.Engine.Numerics;

/// <summary>Which instruction width a scoring kernel runs with. Tests force each; everything else uses <see cref="ScoringPaths.Best"/>.</summary>
internal enum ScoringPath
{
    /// <summary>128-bit vectors, which every platform has or emulates.</summary>
    Portable,

    /// <summary>256-bit vectors (AVX2).</summary>
    Vector256,

    /// <summary>512-bit vectors (AVX-512).</summary>
    Vector512,
}

/// <summary>Picks the scoring path.</summary>
internal static class ScoringPaths
{
    /// <summary>The widest path this machine runs in hardware.</summary>
    public static ScoringPath Best =>
        Vector512.IsHardwareAccelerated ? ScoringPath.Vector512
        : Vector256.IsHardwareAccelerated ? ScoringPath.Vector256
        : ScoringPath.Portable;
}
