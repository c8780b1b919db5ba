using Recsys.Engine.Evaluation;

namespace Recsys.Engine.Comparing;

/// <summary>How models are compared.</summary>
public sealed record ComparisonOptions
{
    /// <summary>The model all others are compared with: the one whose first metric is highest.</summary>
    public const string Best = "best";

    /// <summary>The model all others are compared with: the first of the list.</summary>
    public const string First = "first";

    /// <summary>What is measured, and how surely. Threads are those of evaluation and of fitting weights.</summary>
    public EvaluationOptions Evaluation { get; init; } = new();

    /// <summary>The model all others are compared with, pair by pair: <see cref="Best"/>, <see cref="First"/> or a label.</summary>
    public string Against { get; init; } = Best;

    /// <summary>Whether the weights of item-item models are counted.</summary>
    public bool MeasureWeights { get; init; } = true;
}
