namespace Recsys.Engine;

/// <summary>An option, argument or combination of them that cannot be served. The command line exits with 2 on it.</summary>
public sealed class InvalidOptionException : RecsysException
{
    /// <summary>Creates the error with its one-line message.</summary>
    public InvalidOptionException(string message)
        : base(message)
    {
    }
}
