namespace Recsys.Engine;

/// <summary>
/// An error whose message is meant for the person who called: one line that says where, what was expected and
/// what stood there. Everything the engine throws on bad input, options or files derives from it.
/// </summary>
public class RecsysException : Exception
{
    /// <summary>Creates the error with its one-line message.</summary>
    public RecsysException(string message)
        : base(message)
    {
    }

    /// <summary>Creates the error with its one-line message and its cause.</summary>
    public RecsysException(string message, Exception? inner)
        : base(message, inner)
    {
    }
}
