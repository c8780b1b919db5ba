namespace Recsys.Engine.Serving;

/// <summary>How models answer.</summary>
public sealed record ServingOptions
{
    /// <summary>Items from which on rounded factors answer faster than exact ones; below, selection is what takes the time.</summary>
    internal const int LargeCatalogue = 10_000;

    /// <summary>The defaults.</summary>
    public static ServingOptions Default { get; } = new();

    /// <summary>
    /// How factors are kept to find the best items; null for <see cref="FactorStorage.Int8"/> where the catalogue is large,
    /// else <see cref="FactorStorage.Float32"/>. The answers are those of float32 in any case, bit for bit: candidates are
    /// scored exactly, and where it is not certain that none is missing, all items are.
    /// </summary>
    public FactorStorage? Storage { get; init; }

    internal FactorStorage StorageFor(int items) => Storage ?? (items >= LargeCatalogue ? FactorStorage.Int8 : FactorStorage.Float32);
}
