using Recsys.Engine.Numerics;

namespace Recsys.Engine.Compute;

/// <summary>
/// The width of the vectors that kernels work with. Sums are taken by lanes, so that kernels of different widths round
/// differently: what is to give the same bits on several machines has to agree on a width. Every machine computes in every
/// width, with the same bits; in one its processor does not have, slowly.
/// </summary>
public static class VectorWidth
{
    /// <summary>The widest that this processor has: 512, 256, or 128 where it has none that is used.</summary>
    public static int Bits => Simd.Best switch
    {
        SimdLevel.Vector512 => 512,
        SimdLevel.Vector256 => 256,
        _ => 128,
    };

    /// <summary>The kernels of a width.</summary>
    /// <exception cref="RecsysException">There are none.</exception>
    internal static SimdLevel Level(int bits) => bits switch
    {
        512 => SimdLevel.Vector512,
        256 => SimdLevel.Vector256,
        128 => SimdLevel.Portable,
        _ => throw new RecsysException($"there are no kernels for vectors of {bits} bits; expected 128, 256 or 512"),
    };
}
