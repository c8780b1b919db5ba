namespace Recsys.Engine.Logistic;

/// <summary>How an interaction's weight f becomes the weight of its loss.</summary>
public enum LmfWeighting
{
    /// <summary>1, whatever f.</summary>
    Binary,

    /// <summary>|f|.</summary>
    Linear,

    /// <summary>log₂(1 + |f|): 1 for f = 1, and counts of a thousand still bearable.</summary>
    Log,
}
