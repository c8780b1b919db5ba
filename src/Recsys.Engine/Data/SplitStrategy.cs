namespace Recsys.Engine.Data;

/// <summary>How interactions are divided into what a model learns from and what it is examined on.</summary>
public enum SplitStrategy
{
    /// <summary>Held-out users: none of theirs is learned from; most of each one's history is folded in, the rest held out.</summary>
    Strong,

    /// <summary>A random part of every user's history is held out.</summary>
    Weak,

    /// <summary>The last items of every user are held out: by time, else in the order of the log.</summary>
    LeaveLastOut,

    /// <summary>Everything from one moment on is held out.</summary>
    Temporal,
}
