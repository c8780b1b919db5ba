namespace Recsys.Engine.Evaluation.Reporting;

/// <summary>What a report shows: one or several models evaluated on the same data.</summary>
/// <param name="Title">The report's heading.</param>
/// <param name="Runs">The models, in the order of showing; at least one.</param>
public sealed record ReportData(string Title, IReadOnlyList<EvaluationRun> Runs)
{
    /// <summary>When it was made; null: not said.</summary>
    public DateTimeOffset? Created { get; init; }

    /// <summary>Paired comparisons of two of the models; may be empty.</summary>
    public IReadOnlyList<ReportComparison> Comparisons { get; init; } = [];
}
