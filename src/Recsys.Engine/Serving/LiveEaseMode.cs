namespace Recsys.Engine.Serving;

/// <summary>How EASE follows events.</summary>
public enum LiveEaseMode
{
    /// <summary>
    /// <see cref="Exact"/> where that keeps up: up to <see cref="DataDirectoryOptions.ExactEaseItems"/> items, and of a model
    /// that determines P (dense, with negative weights, one λ); else <see cref="Standing"/>.
    /// </summary>
    Auto,

    /// <summary>P is kept exact: n² multiply-adds for each changed user, twice over.</summary>
    Exact,

    /// <summary>B stays that of the training; present histories are scored with it at once.</summary>
    Standing,
}
