namespace Recsys.Engine.Ease.Distributed;

/// <summary>What a partition is told to do next.</summary>
public enum EasePhase
{
    /// <summary>Compute the own columns of G = XᵀX + Λ, lower triangle, from the interactions.</summary>
    Gram,

    /// <summary>Instead of that: load them from a checkpoint, as they were when so many pivot blocks were swept.</summary>
    Restore,

    /// <summary>Sweep pivot blocks until so many are done. When all are, the columns hold −G⁻¹, lower triangle.</summary>
    Sweep,

    /// <summary>Write the own columns to a checkpoint.</summary>
    Save,

    /// <summary>Fetch the upper triangle of the own columns from those that hold its mirror image.</summary>
    Exchange,

    /// <summary>Turn the own columns of P into columns of B.</summary>
    Weights,
}
