namespace Recsys.Engine.Data;

/// <summary>A user or item id that the model or data set does not hold.</summary>
public sealed class UnknownIdException : RecsysException
{
    /// <summary>Creates the error for <paramref name="id"/>, a <paramref name="kind"/> ("user" or "item").</summary>
    public UnknownIdException(string kind, string id)
        : base($"unknown {kind} '{id}'")
    {
    }
}
