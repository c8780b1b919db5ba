namespace Recsys.Engine.Evaluation.Reporting;

/// <summary>A paired comparison with the names of the two models.</summary>
/// <param name="Baseline">What is compared with.</param>
/// <param name="Candidate">What is compared.</param>
/// <param name="Metrics">The differences.</param>
public sealed record ReportComparison(string Baseline, string Candidate, IReadOnlyList<MetricComparison> Metrics);
