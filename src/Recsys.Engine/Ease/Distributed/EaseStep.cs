namespace Recsys.Engine.Ease.Distributed;

/// <summary>One step of a training. A step that is done, or under way, changes nothing when it comes again.</summary>
/// <param name="Training">The training's id.</param>
/// <param name="Attempt">
/// Which attempt at it, from 1: after a loss all partitions go back together, in a new attempt, and steps of earlier ones
/// are refused.
/// </param>
/// <param name="Phase">What to do.</param>
/// <param name="Pivots">Pivot blocks swept when the step is done (Sweep), or at its checkpoint (Restore, Save); else 0.</param>
public sealed record EaseStep(string Training, int Attempt, EasePhase Phase, int Pivots = 0);
