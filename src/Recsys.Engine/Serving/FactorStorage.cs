namespace Recsys.Engine.Serving;

/// <summary>How a <see cref="FactorIndex"/> keeps the items' factors.</summary>
public enum FactorStorage
{
    /// <summary>Four bytes a factor, exact.</summary>
    Float32,

    /// <summary>Two bytes a factor: float32's range, 8 bits of precision.</summary>
    BFloat16,

    /// <summary>Two bytes a factor: magnitudes up to 65504, 11 bits of precision.</summary>
    Float16,

    /// <summary>One byte a factor and one scale an item. Meant to be used with rescoring.</summary>
    Int8,
}
