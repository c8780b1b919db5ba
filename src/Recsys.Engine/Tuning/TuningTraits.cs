namespace Recsys.Engine.Tuning;

/// <summary>How trials of an algorithm may be made smaller than the whole training: the rungs of successive halving.</summary>
public sealed record TuningTraits
{
    /// <summary>Nothing smaller than the whole.</summary>
    public static TuningTraits Whole { get; } = new();

    /// <summary>The option that says how long training goes on, and of which early rungs take less; null where it is closed form.</summary>
    public string? Iterations { get; init; }

    /// <summary>Iterations of each rung, ascending.</summary>
    public IReadOnlyList<int> Rungs { get; init; } = [];

    /// <summary>
    /// Most items of a trial in the first rung, the most popular ones; for algorithms whose cost grows faster than the data.
    /// Null: always all.
    /// </summary>
    public int? FirstItems { get; init; }

    /// <summary>Catalogues up to this size are tried whole in the last rung; larger ones on <see cref="FirstItems"/> only.</summary>
    public int MostItems { get; init; } = int.MaxValue;
}
