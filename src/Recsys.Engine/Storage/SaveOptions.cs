namespace Recsys.Engine.Storage;

/// <summary>How a model is stored.</summary>
public sealed record SaveOptions
{
    /// <summary>The defaults.</summary>
    public static SaveOptions Default { get; } = new();

    /// <summary>
    /// Whether a model that stands at the target is replaced, atomically. Anything else that stands there (a file, a
    /// directory with other contents) is never replaced.
    /// </summary>
    public bool Overwrite { get; init; }
}
