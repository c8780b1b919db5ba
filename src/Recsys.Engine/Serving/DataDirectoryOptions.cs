namespace Recsys.Engine.Serving;

/// <summary>How a <see cref="DataDirectory"/> begins and answers.</summary>
public sealed record DataDirectoryOptions
{
    /// <summary>The defaults.</summary>
    public static DataDirectoryOptions Default { get; } = new();

    /// <summary>How trained models answer.</summary>
    public ServingOptions Serving { get; init; } = ServingOptions.Default;

    /// <summary>
    /// How EASE follows events. It is chosen where a directory begins, and holds for it from then on: a directory that
    /// holds to the other one refuses to be opened with <see cref="LiveEaseMode.Exact"/> or <see cref="LiveEaseMode.Standing"/>.
    /// </summary>
    public LiveEaseMode Ease { get; init; }

    /// <summary>
    /// Items up to which <see cref="LiveEaseMode.Auto"/> keeps EASE exact. A step for 64 changed users takes 24 ms
    /// of a two-core machine at 3,502 items, and grows with the square.
    /// </summary>
    public int ExactEaseItems { get; init; } = 8192;
}
