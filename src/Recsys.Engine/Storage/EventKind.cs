namespace Recsys.Engine.Storage;

/// <summary>
/// What happened. Which weight a kind has is configuration of whoever applies events; codes 32 to 254 are free for
/// kinds of one's own. Codes are stored and never change their meaning.
/// </summary>
public enum EventKind : byte
{
    /// <summary>Not an event.</summary>
    None = 0,

    /// <summary>The item was looked at.</summary>
    View = 1,

    /// <summary>The item was chosen.</summary>
    Click = 2,

    /// <summary>The item was bought.</summary>
    Purchase = 3,

    /// <summary>The user said they like it.</summary>
    Like = 4,

    /// <summary>The user said they do not like it.</summary>
    Dislike = 5,

    /// <summary>The item is taken out of the user's history.</summary>
    Remove = 6,

    /// <summary>A tombstone: everything of the user before this is forgotten, in every replay. Has no item.</summary>
    Forget = 255,
}
