namespace Recsys.Engine.Storage;

/// <summary>
/// Blobs as files of a directory: <c>a/b/c</c> is the file <c>a/b/c.blob</c>. Written under a temporary name, flushed,
/// and linked or renamed into place; the directory is flushed too. Several processes may share the directory, also over
/// a file system of the network that keeps to POSIX.
/// </summary>
public sealed class FileBlobStore : IBlobStore
{
    private const string TemporaryStart = ".tmp-";

    private readonly string _root;

    /// <summary>A store in <paramref name="directory"/>, which is made if it is not there.</summary>
    public FileBlobStore(string directory)
    {
        _root = Path.TrimEndingDirectorySeparator(Path.GetFullPath(directory));
        DurableFiles.CreateDirectory(_root);
    }

    /// <inheritdoc/>
    public async ValueTask<bool> PutAsync(
        string key, ReadOnlyMemory<byte> bytes, bool replace = false, CancellationToken cancellationToken = default)
    {
        BlobKey.Check(key, bytes.Length);
        string path = PathOf(key);
        if (!replace && File.Exists(path))
        {
            return false;
        }

        string folder = Path.GetDirectoryName(path)!;
        while (true)
        {
            DurableFiles.CreateDirectory(folder);
            string temporary = Path.Combine(folder, TemporaryStart + Guid.NewGuid().ToString("N"));
            try
            {
                await using (var file = new FileStream(temporary, FileMode.CreateNew, FileAccess.Write, FileShare.None, 0, useAsync: true))
                {
                    await file.WriteAsync(bytes, cancellationToken).ConfigureAwait(false);
                    file.Flush(flushToDisk: true);
                }

                bool placed = DurableFiles.Place(temporary, path, replace);
                DurableFiles.FlushDirectory(folder);
                return placed;
            }
            catch (DirectoryNotFoundException)
            {
                // Somebody deleted the last other blob of the folder, and the folder with it, meanwhile.
                cancellationToken.ThrowIfCancellationRequested();
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                throw new RecsysException($"{path}: cannot be written: {e.Message.ReplaceLineEndings(" ")}", e);
            }
            finally
            {
                TryDelete(temporary);
            }
        }
    }

    /// <inheritdoc/>
    public async ValueTask<byte[]?> GetAsync(string key, CancellationToken cancellationToken = default)
    {
        BlobKey.Check(key);
        try
        {
            return await File.ReadAllBytesAsync(PathOf(key), cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new RecsysException($"{PathOf(key)}: cannot be read: {e.Message.ReplaceLineEndings(" ")}", e);
        }
    }

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<string>> ListAsync(string prefix, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return ValueTask.FromResult<IReadOnlyList<string>>([.. Find(prefix).Order(StringComparer.Ordinal)]);
    }

    /// <inheritdoc/>
    public ValueTask DeleteAsync(string prefix, CancellationToken cancellationToken = default)
    {
        BlobKey.CheckPrefix(prefix);
        var folders = new HashSet<string>(StringComparer.Ordinal);
        foreach (string key in Find(prefix).ToList())
        {
            string path = PathOf(key);
            TryDelete(path);
            for (string folder = Path.GetDirectoryName(path)!; folder != _root && folders.Add(folder); folder = Path.GetDirectoryName(folder)!)
            {
            }
        }

        // Folders that became empty, the deepest first; one that is in use stays.
        foreach (string folder in folders.OrderByDescending(f => f.Length))
        {
            try
            {
                Directory.Delete(folder);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
            }
        }

        return ValueTask.CompletedTask;
    }

    private static void TryDelete(string path)
    {
        try
        {
            File.Delete(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
        }
    }

    private string PathOf(string key) => Path.Combine(_root, key.Replace('/', Path.DirectorySeparatorChar) + BlobKey.ReservedEnding);

    private IEnumerable<string> Find(string prefix)
    {
        // Only the part of the tree under the prefix's last whole segment is looked at.
        int slash = prefix.LastIndexOf('/');
        string start = slash < 0 ? _root : Path.Combine(_root, prefix[..slash].Replace('/', Path.DirectorySeparatorChar));
        if (prefix.Contains("..", StringComparison.Ordinal) || !Directory.Exists(start))
        {
            yield break;
        }

        IEnumerator<string> files = Directory.EnumerateFiles(
            start, "*" + BlobKey.ReservedEnding, new EnumerationOptions { RecurseSubdirectories = true, IgnoreInaccessible = true }).GetEnumerator();
        using (files)
        {
            while (MoveNext(files))
            {
                string relative = Path.GetRelativePath(_root, files.Current);
                string key = relative[..^BlobKey.ReservedEnding.Length].Replace(Path.DirectorySeparatorChar, '/');
                if (key.StartsWith(prefix, StringComparison.Ordinal) && !Path.GetFileName(files.Current).StartsWith('.'))
                {
                    yield return key;
                }
            }
        }

        static bool MoveNext(IEnumerator<string> files)
        {
            try
            {
                return files.MoveNext();
            }
            catch (DirectoryNotFoundException)
            {
                return false; // deleted while it was listed
            }
        }
    }
}
