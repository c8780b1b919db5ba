namespace Recsys.Engine.Storage;

/// <summary>A stored model that cannot be read: a file is missing, truncated, altered, inconsistent or of a newer format.</summary>
public sealed class ModelFormatException : RecsysException
{
    /// <summary>Creates the error for <paramref name="file"/>; <paramref name="what"/> says what is wrong with it.</summary>
    public ModelFormatException(string file, string what, Exception? inner = null)
        : base($"{file}: {what}", inner)
    {
        File = file;
    }

    /// <summary>Path of the file (or directory) at fault.</summary>
    public string File { get; }
}
