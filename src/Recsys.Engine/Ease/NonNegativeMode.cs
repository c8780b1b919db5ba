namespace Recsys.Engine.Ease;

/// <summary>What is done with EASE's negative weights.</summary>
public enum NonNegativeMode
{
    /// <summary>They are kept: the model as published.</summary>
    Off,

    /// <summary>The solution is computed freely and its negative weights are set to zero.</summary>
    Clip,

    /// <summary>The same objective is minimised under B ≥ 0.</summary>
    Constrained,
}
