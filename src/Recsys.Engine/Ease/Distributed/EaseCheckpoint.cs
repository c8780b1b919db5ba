namespace Recsys.Engine.Ease.Distributed;

/// <summary>The name of a checkpoint: the lower triangle of a partition's columns when so many pivot blocks were swept.</summary>
/// <param name="Training">The training's id.</param>
/// <param name="Partition">The partition.</param>
/// <param name="Pivots">Pivot blocks swept.</param>
public sealed record EaseCheckpoint(string Training, int Partition, int Pivots);
