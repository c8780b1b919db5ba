using Recsys.Engine.Blending;
using Recsys.Engine.Evaluation;

namespace Recsys.Engine.Comparing;

/// <summary>One of the models compared.</summary>
/// <param name="Label">What it is called.</param>
/// <param name="Algorithm">Its algorithm.</param>
/// <param name="Run">What was found, and how.</param>
public sealed record ComparedModel(string Label, string Algorithm, EvaluationRun Run)
{
    /// <summary>
    /// Seconds it takes to make: of a blend with its members and what they were trained for the weights, of a model derived from
    /// another one with that one's.
    /// </summary>
    public double Seconds => Run.FitSeconds;

    /// <summary>Seconds of <see cref="Seconds"/> that were spent once for several models.</summary>
    public double SharedSeconds { get; init; }

    /// <summary>Of a blend: its weights and how they were found.</summary>
    public BlendFit? Blend { get; init; }

    /// <summary>Of a blend: the labels of its members.</summary>
    public IReadOnlyList<string> Members { get; init; } = [];
}
