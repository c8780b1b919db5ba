namespace Recsys.Engine.Data;

/// <summary>A file that does not hold what was expected; the message is <c>file:line: expected …, found '…'</c>.</summary>
public sealed class MalformedInputException : RecsysException
{
    /// <summary>Creates the error.</summary>
    /// <param name="path">The file, as it was named by the caller.</param>
    /// <param name="line">The line, from 1; 0 where the error is about the file as a whole.</param>
    /// <param name="problem">What was expected and what stood there.</param>
    /// <param name="inner">The cause, if any.</param>
    public MalformedInputException(string path, long line, string problem, Exception? inner = null)
        : base(line > 0 ? $"{path}:{line}: {problem}" : $"{path}: {problem}", inner)
    {
        Path = path;
        Line = line;
    }

    /// <summary>The file, as it was named by the caller.</summary>
    public string Path { get; }

    /// <summary>The line, from 1; 0 where the error is about the file as a whole.</summary>
    public long Line { get; }
}
