namespace Recsys.Engine.Ease.Distributed;

/// <summary>How far a partition has come.</summary>
public enum EaseStage
{
    /// <summary>It has no part of the matrix.</summary>
    Empty,

    /// <summary>It has G, with so many pivot blocks swept.</summary>
    Swept,

    /// <summary>It has whole columns of the inverse.</summary>
    Exchanged,

    /// <summary>It has columns of B.</summary>
    Finished,
}
