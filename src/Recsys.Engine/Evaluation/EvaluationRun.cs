using System.Text.Json.Nodes;

namespace Recsys.Engine.Evaluation;

/// <summary>One model trained and evaluated: the result and how it came about. What is written to JSON and into reports.</summary>
/// <param name="Dataset">What it was trained and examined on.</param>
/// <param name="Model">The model's name, e.g. its algorithm.</param>
/// <param name="Options">The model's options, by their command-line names.</param>
/// <param name="Result">What the evaluation found.</param>
public sealed record EvaluationRun(string Dataset, string Model, JsonObject Options, EvaluationResult Result)
{
    /// <summary>Seconds it took to read the data.</summary>
    public double ReadSeconds { get; init; }

    /// <summary>Seconds it took to train.</summary>
    public double FitSeconds { get; init; }

    /// <summary>Seconds it took to evaluate.</summary>
    public double EvaluateSeconds { get; init; } = Result.Seconds;

    /// <summary>Peak memory of the process in bytes; 0: not known.</summary>
    public long PeakRssBytes { get; init; }

    /// <summary>Training loss after each iteration; empty for models without.</summary>
    public IReadOnlyList<double> Losses { get; init; } = [];

    /// <summary>How the weights of an item-item model are spread.</summary>
    public WeightHistogram? Weights { get; init; }
}
