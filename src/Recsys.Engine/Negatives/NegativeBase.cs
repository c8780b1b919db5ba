namespace Recsys.Engine.Negatives;

/// <summary>What a negative sampler draws its items from.</summary>
public enum NegativeBase
{
    /// <summary>Every item alike.</summary>
    Uniform,

    /// <summary>P(j) ∝ f_j^a.</summary>
    Popularity,

    /// <summary>The positives of other clicks.</summary>
    InBatch,
}
