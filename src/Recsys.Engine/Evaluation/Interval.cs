namespace Recsys.Engine.Evaluation;

/// <summary>A confidence interval of a mean over users.</summary>
/// <param name="Low">Lower end.</param>
/// <param name="High">Upper end.</param>
/// <param name="StandardError">Standard deviation of the resampled means.</param>
public readonly record struct Interval(double Low, double High, double StandardError);
