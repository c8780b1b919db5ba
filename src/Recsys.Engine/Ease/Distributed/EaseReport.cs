namespace Recsys.Engine.Ease.Distributed;

/// <summary>How a partition stands.</summary>
/// <param name="Partition">Its number.</param>
/// <param name="Training">The training it works for; empty: none, e.g. because it was lost and started anew.</param>
/// <param name="Attempt">The attempt, or the last one that was ended; 0: none.</param>
/// <param name="Stage">How far it has come.</param>
/// <param name="Pivots">Pivot blocks swept.</param>
/// <param name="Running">Whether a step is under way.</param>
public sealed record EaseReport(int Partition, string Training, int Attempt, EaseStage Stage, int Pivots, bool Running)
{
    /// <summary>Why the last step failed, if it did.</summary>
    public EaseFailure? Failure { get; init; }

    /// <summary>Numbers of pivots after which its blocks are in complete checkpoints, ascending; told at the beginning and after saving.</summary>
    public IReadOnlyList<int> Checkpoints { get; init; } = [];

    /// <summary>What it has moved and spent since it began.</summary>
    public EaseCosts Costs { get; init; } = new(0, 0, 0, 0, 0, 0);

    /// <summary>Whether a step of this training and attempt is done.</summary>
    internal bool HasDone(EaseStep step) => step.Phase switch
    {
        EasePhase.Gram or EasePhase.Restore => Stage >= EaseStage.Swept,
        EasePhase.Sweep => Stage > EaseStage.Swept || (Stage == EaseStage.Swept && Pivots >= step.Pivots),
        EasePhase.Save => Checkpoints.Contains(step.Pivots) || Stage > EaseStage.Swept || (Stage == EaseStage.Swept && Pivots > step.Pivots),
        EasePhase.Exchange => Stage >= EaseStage.Exchanged,
        _ => Stage == EaseStage.Finished,
    };
}
