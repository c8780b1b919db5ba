namespace Recsys.Engine.Evaluation;

/// <summary>How much better one model is than another on the same users, by one metric.</summary>
/// <param name="Metric">The metric.</param>
/// <param name="Baseline">Mean of the baseline over the users that have a value in both.</param>
/// <param name="Candidate">Mean of the candidate over the same users.</param>
/// <param name="Difference">Candidate − baseline.</param>
/// <param name="Confidence">Interval of the difference.</param>
/// <param name="PValue">Two-sided p-value of no difference; at least 1 / (resamples + 1).</param>
/// <param name="Users">Users the means are over.</param>
public sealed record MetricComparison(
    Metric Metric, double Baseline, double Candidate, double Difference, Interval Confidence, double PValue, int Users);
