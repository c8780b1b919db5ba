using Recsys.Engine.Compute;

namespace Recsys.Engine.Tuning;

/// <summary>One report of a running search.</summary>
/// <param name="Model">The algorithm being searched.</param>
/// <param name="Trial">The trial: finished when it has a value or an error, else just beginning or running.</param>
/// <param name="Done">Whether it is finished.</param>
/// <param name="Training">How its training goes, where that is what is reported.</param>
public sealed record TuningProgress(string Model, Trial Trial, bool Done, TrainingProgress? Training = null);
