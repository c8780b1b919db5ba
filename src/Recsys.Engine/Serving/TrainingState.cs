namespace Recsys.Engine.Serving;

/// <summary>Where a training job stands.</summary>
public enum TrainingState
{
    /// <summary>It waits for its turn.</summary>
    Queued,

    /// <summary>It runs.</summary>
    Running,

    /// <summary>The model is there.</summary>
    Succeeded,

    /// <summary>It ended with an error.</summary>
    Failed,

    /// <summary>It was cancelled.</summary>
    Cancelled,
}
