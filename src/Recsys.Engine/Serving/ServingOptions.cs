using Recsys.Engine.Numerics;

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

    /// <summary>
    /// Most of the machine's memory that a copy of a dense item-item matrix, rounded to bytes, may take. Such a copy leaves an
    /// answer of EASE a quarter to read; like <see cref="Storage"/> it changes no answer, and is not made for small catalogues or with
    /// <see cref="FactorStorage.Float32"/>.
    /// </summary>
    public double RoundedShare { get; init; } = 0.1;

    internal bool RoundsRows(int rows, int columns) => StorageFor(columns) != FactorStorage.Float32
        && Int8Matrix.EstimateBytes(rows, columns) <= RoundedShare * GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;

    internal FactorStorage StorageFor(int items) => Storage ?? (items >= LargeCatalogue ? FactorStorage.Int8 : FactorStorage.Float32);
}
