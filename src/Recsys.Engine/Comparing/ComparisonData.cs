using Recsys.Engine.Data;

namespace Recsys.Engine.Comparing;

/// <summary>What models are compared on.</summary>
/// <param name="Name">The data set's name, for reports.</param>
/// <param name="Train">What they learn from.</param>
/// <param name="Test">Whom they are examined on.</param>
public sealed record ComparisonData(string Name, Dataset Train, ExaminedUsers Test)
{
    /// <summary>
    /// Whom the weights of blends are fitted on; null: a seeded part of the training data is kept out for that, and members are
    /// trained a second time without it.
    /// </summary>
    public ExaminedUsers? Validation { get; init; }

    /// <summary>Seconds it took to read all that.</summary>
    public double ReadSeconds { get; init; }
}
