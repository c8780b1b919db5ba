using System.IO.Compression;

namespace Recsys.Engine.Data.Writing;

/// <summary>
/// Files that appear together: each is written and flushed to disk under a temporary name beside its place, and all are
/// renamed at the end. Without <see cref="Commit"/> nothing is left behind.
/// </summary>
internal sealed class AtomicFiles : IDisposable
{
    private readonly List<(string Temporary, string Path)> _files = [];

    /// <summary>Writes one file under its temporary name; compressed when the name ends with .gz.</summary>
    public void Write(string path, Action<Stream> write)
    {
        string full = Path.GetFullPath(path);
        string temporary = $"{full}.{Guid.NewGuid():N}.tmp";
        try
        {
            if (Directory.Exists(full))
            {
                throw new RecsysException($"{path}: cannot be written: it is a directory");
            }

            _files.Add((temporary, full));
            using var file = new FileStream(temporary, FileMode.CreateNew, FileAccess.Write, FileShare.None, 1 << 16);
            if (full.EndsWith(".gz", StringComparison.OrdinalIgnoreCase))
            {
                using var packed = new GZipStream(file, CompressionLevel.Optimal, leaveOpen: true);
                write(packed);
            }
            else
            {
                write(file);
            }

            file.Flush(flushToDisk: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new RecsysException($"{path}: cannot be written: {e.Message}", e);
        }
    }

    /// <summary>Puts all files in their places, replacing what is there.</summary>
    public void Commit()
    {
        foreach (var (temporary, path) in _files)
        {
            try
            {
                File.Move(temporary, path, overwrite: true);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                throw new RecsysException($"{path}: cannot be written: {e.Message}", e);
            }
        }

        _files.Clear();
    }

    public void Dispose()
    {
        foreach (var (temporary, _) in _files)
        {
            try
            {
                File.Delete(temporary);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // The error that led here says more than this one.
            }
        }
    }
}
