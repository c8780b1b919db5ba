namespace Recsys.Engine.Tuning;

/// <summary>Why a search ended.</summary>
public enum TuningEnd
{
    /// <summary>All trials were done, or more did not make it better.</summary>
    Finished,

    /// <summary>Its time was up.</summary>
    OutOfTime,

    /// <summary>It was asked to stop.</summary>
    Cancelled,
}
