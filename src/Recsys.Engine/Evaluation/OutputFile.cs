namespace Recsys.Engine.Evaluation;

/// <summary>Writes result files.</summary>
internal static class OutputFile
{
    /// <summary>
    /// Composes the contents in memory and then writes them in one go, so that an error on the way leaves an existing
    /// file as it was. Any path will do, also a pipe or /dev/stdout.
    /// </summary>
    /// <exception cref="RecsysException">The file cannot be written.</exception>
    public static void Write(string path, Action<Stream> write)
    {
        using var contents = new MemoryStream();
        write(contents);
        try
        {
            using var file = new FileStream(path, FileMode.Create, FileAccess.Write);
            contents.WriteTo(file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            throw new RecsysException($"{path}: cannot be written: {e.Message}", e);
        }
    }
}
