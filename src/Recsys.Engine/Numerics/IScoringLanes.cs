namespace Recsys.Engine.Numerics;

/// <summary>
/// Sixteen floats in registers, however many registers that takes: the scoring kernels are written once against this
/// and compiled once a width.
/// </summary>
internal unsafe interface IScoringLanes<TSelf>
    where TSelf : unmanaged, IScoringLanes<TSelf>
{
    /// <summary>Sixteen zeros.</summary>
    static abstract TSelf Zero { get; }

    /// <summary>Sixteen consecutive floats.</summary>
    static abstract TSelf Load(float* source);

    /// <summary>The same float sixteen times.</summary>
    static abstract TSelf Broadcast(float value);

    /// <summary>a · b + c with one rounding.</summary>
    static abstract TSelf MultiplyAdd(TSelf a, TSelf b, TSelf c);

    /// <summary>a + b.</summary>
    static abstract TSelf Add(TSelf a, TSelf b);

    /// <summary>a · b.</summary>
    static abstract TSelf Multiply(TSelf a, TSelf b);

    /// <summary>The bits of a and b combined by exclusive or; with −0 it negates.</summary>
    static abstract TSelf Xor(TSelf a, TSelf b);

    /// <summary>Bit i is 1 where a[i] &gt; b[i]; a NaN is not greater than anything.</summary>
    static abstract uint GreaterThan(TSelf a, TSelf b);

    /// <summary>Writes the sixteen floats.</summary>
    static abstract void Store(TSelf value, float* target);

    /// <summary>Sixteen pairs of bfloat16, in each 32 bits the even element low, the odd one high.</summary>
    static abstract void LoadBFloat16Pairs(byte* source, out TSelf even, out TSelf odd);

    /// <summary>Sixteen pairs of float16 laid out the same; the values come out 2⁻¹¹² times what they are.</summary>
    static abstract void LoadFloat16Pairs(byte* source, out TSelf even, out TSelf odd);

    /// <summary>Sixteen consecutive bytes.</summary>
    static abstract TSelf LoadInt8(sbyte* source);

    /// <summary>
    /// Sixteen quads of bytes (elements 0 and 2 unsigned, 1 and 3 signed) times four int16, (u0, u2) and (u1, u3) packed
    /// as low and high half; the sums of each quad are added to sixteen int32 kept in the same registers.
    /// </summary>
    static abstract TSelf AddInt8Quads(TSelf sums, byte* source, int user02, int user13);

    /// <summary>The same int32 sixteen times.</summary>
    static abstract TSelf BroadcastInt32(int value);

    /// <summary>The sixteen int32 as floats.</summary>
    static abstract TSelf FromInt32(TSelf sums);
}
