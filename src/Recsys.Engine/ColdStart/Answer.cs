namespace Recsys.Engine.ColdStart;

/// <summary>What a new user says of an item.</summary>
public enum Answer
{
    /// <summary>Known and liked.</summary>
    Like,

    /// <summary>Known and not liked.</summary>
    Dislike,

    /// <summary>Not known.</summary>
    Unknown,
}
