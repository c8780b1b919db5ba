namespace Recsys.Engine.Numerics;

/// <summary>
/// The upper half of a float32: its range, eight bits of precision. Kept as <see cref="ushort"/>, computed in float32.
/// </summary>
internal static class BFloat16
{
    /// <summary>The nearest bfloat16, ties to even; NaN stays NaN.</summary>
    public static ushort FromSingle(float value)
    {
        uint bits = BitConverter.SingleToUInt32Bits(value);
        return float.IsNaN(value) ? (ushort)((bits >> 16) | 0x40) : (ushort)((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16);
    }

    /// <summary>The same value as float32, exactly.</summary>
    public static float ToSingle(ushort value) => BitConverter.UInt32BitsToSingle((uint)value << 16);
}
