namespace Recsys.Engine.Compute;

/// <summary>One report of a running training job.</summary>
/// <param name="Phase">What is being done, e.g. "gram", "inverse", "iteration".</param>
/// <param name="Done">Units finished in this phase.</param>
/// <param name="Total">Units of this phase in all.</param>
/// <param name="Loss">The training loss after this unit, where the phase has one.</param>
/// <param name="Detail">A short remark for people, e.g. the seconds of the last iteration.</param>
public readonly record struct TrainingProgress(string Phase, long Done, long Total, double? Loss = null, string? Detail = null);
