using System.Runtime.Intrinsics;

namespace Recsys.Engine.Numerics;

/// <summary>
/// Arithmetic on one register of float32 lanes. Implementations are empty structs, so that a kernel generic over them
/// is compiled once for each width with the lane count as a constant.
/// </summary>
/// <typeparam name="TVector">The register type.</typeparam>
internal unsafe interface IVectorOps<TVector>
    where TVector : struct
{
    /// <summary>Floats in a register: 4, 8 or 16.</summary>
    static abstract int Lanes { get; }

    static abstract TVector Zero { get; }

    static abstract TVector Load(float* from);

    static abstract void Store(TVector value, float* to);

    static abstract TVector Broadcast(float value);

    /// <summary>a·b + c with one rounding.</summary>
    static abstract TVector MultiplyAdd(TVector a, TVector b, TVector c);

    static abstract TVector Add(TVector a, TVector b);

    static abstract TVector Multiply(TVector a, TVector b);

    /// <summary>The sum of the lanes, in an order that depends on the width only.</summary>
    static abstract float Sum(TVector value);

    /// <summary>The lane sums of four registers, each as <see cref="Sum"/> has it.</summary>
    static abstract Vector128<float> Sum4(TVector a, TVector b, TVector c, TVector d);
}
