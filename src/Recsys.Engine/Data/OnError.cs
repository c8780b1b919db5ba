namespace Recsys.Engine.Data;

/// <summary>What a malformed line leads to.</summary>
public enum OnError
{
    /// <summary>The first malformed line ends the reading with a <see cref="MalformedInputException"/>.</summary>
    Fail,

    /// <summary>Malformed lines are left out and counted; the first few are kept for display.</summary>
    Skip,
}
