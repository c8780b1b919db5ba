namespace Recsys.Grains.Training;

/// <summary>What a partition of factors is asked to do.</summary>
public enum FactorStepKind
{
    /// <summary>Load rows and factors.</summary>
    Open,

    /// <summary>Solve its rows.</summary>
    Solve,

    /// <summary>Gram matrices of its factors.</summary>
    Gram,

    /// <summary>Hold the factors of a position.</summary>
    Restore,

    /// <summary>End what earlier attempts have under way, and refuse what comes of them.</summary>
    Begin,
}
