namespace Recsys.Engine.Ease.Distributed;

/// <summary>How a distributed training deals with losses.</summary>
public sealed record EaseRunOptions
{
    /// <summary>How many times partitions go back together before the training fails.</summary>
    public int MaxAttempts { get; init; } = 20;

    /// <summary>Whether the partitions' hosts have a place for checkpoints.</summary>
    public bool Checkpoints { get; init; }

    /// <summary>Pivot blocks from one checkpoint to the next; 0: as <see cref="CheckpointShare"/> says.</summary>
    public int CheckpointEvery { get; init; }

    /// <summary>
    /// Most of the time that may go into checkpoints: the next one is written when the work since the last is worth it. What
    /// a loss costs is then at most that work: the seconds a checkpoint takes, divided by this share.
    /// </summary>
    public double CheckpointShare { get; init; } = 0.05;
}
