namespace Recsys.Engine.Evaluation;

/// <summary>A metric and what it came to.</summary>
/// <param name="Metric">What was measured.</param>
/// <param name="Value">The mean over users, or for coverage and Gini the figure of all rankings; NaN where no user has a value.</param>
/// <param name="Confidence">Its bootstrap interval, where one was asked for and each user has a value.</param>
public sealed record MetricValue(Metric Metric, double Value, Interval? Confidence = null);
