namespace Recsys.Engine.Storage;

/// <summary>
/// Puts a finished directory in the place of another so that readers find the old or the new one and a crash leaves
/// either. For a target <c>D/NAME</c> these siblings may exist meanwhile, all of them on the same file system:
/// <list type="bullet">
/// <item><c>D/.NAME.lock</c>: held by the one process that saves to NAME.</item>
/// <item><c>D/.NAME.tmp-…</c>: the new contents until they are complete and flushed; after an exchange, the old ones
/// until they are deleted. Left by a crash, it is deleted by the next save.</item>
/// <item><c>D/.NAME.old</c>: the old contents, only where two directories cannot be exchanged in one step; while NAME
/// is missing, this is what readers open.</item>
/// </list>
/// </summary>
internal sealed class ModelDirectory : IDisposable
{
    private readonly FileLock _lock;
    private readonly string _parent;
    private readonly string _target;
    private bool _replaced;

    private ModelDirectory(string target, FileLock held)
    {
        _target = target;
        _lock = held;
        _parent = Path.GetDirectoryName(target)!;
        Temporary = Sibling(target, $".tmp-{Guid.NewGuid():N}");
    }

    /// <summary>The directory to fill.</summary>
    public string Temporary { get; }

    /// <summary>For tests: never exchange in one step.</summary>
    internal static bool WithoutExchange { get; set; }

    /// <summary>Takes the lock, clears what a crash left, and creates the temporary directory.</summary>
    public static ModelDirectory Begin(string directory, bool overwrite)
    {
        string target = Resolve(directory);
        if (Path.GetFileName(target).Length == 0)
        {
            throw new RecsysException($"{directory}: a model cannot be saved there");
        }

        DurableFiles.CreateDirectory(Path.GetDirectoryName(target)!);
        CheckTarget(target, overwrite);
        var held = FileLock.TryTake(Sibling(target, ".lock"), delete: true)
            ?? throw new RecsysException($"{directory}: another process is saving a model there");
        var begun = new ModelDirectory(target, held);
        try
        {
            begun.ClearLeftovers();
            CheckTarget(target, overwrite); // again: it may have appeared before we had the lock
            Directory.CreateDirectory(begun.Temporary);
            return begun;
        }
        catch
        {
            begun.Dispose();
            throw;
        }
    }

    /// <summary>
    /// The directory to read a model from: the target, or what stood there while a save without exchange is between
    /// its two renames (or a crash left it so).
    /// </summary>
    public static string ForReading(string directory)
    {
        string target = Resolve(directory);
        string old = Sibling(target, ".old");
        return !Directory.Exists(target) && Directory.Exists(old) ? old : directory;
    }

    /// <summary>Flushes the temporary directory and puts it in the target's place, durably.</summary>
    public void Commit()
    {
        DurableFiles.FlushDirectory(Temporary);
        if (!Directory.Exists(_target))
        {
            Directory.Move(Temporary, _target);
            _replaced = true;
            DurableFiles.FlushDirectory(_parent);
        }
        else if (!WithoutExchange && DurableFiles.TryExchange(Temporary, _target))
        {
            _replaced = true;
            DurableFiles.FlushDirectory(_parent);
            TryDelete(Temporary);
        }
        else
        {
            string old = Sibling(_target, ".old");
            Directory.Move(_target, old);
            Directory.Move(Temporary, _target);
            _replaced = true;
            DurableFiles.FlushDirectory(_parent);
            TryDelete(old);
        }
    }

    /// <summary>Lets go of the lock; where nothing was committed, deletes what was written.</summary>
    public void Dispose()
    {
        if (!_replaced)
        {
            TryDelete(Temporary);
        }

        _lock.Dispose();
    }

    private static string Resolve(string directory)
    {
        string full = Path.TrimEndingDirectorySeparator(Path.GetFullPath(directory));
        var info = new DirectoryInfo(full);
        return info.LinkTarget is null ? full : info.ResolveLinkTarget(returnFinalTarget: true)?.FullName ?? full;
    }

    private static string Sibling(string target, string ending) =>
        Path.Combine(Path.GetDirectoryName(target)!, $".{Path.GetFileName(target)}{ending}");

    private static void CheckTarget(string target, bool overwrite)
    {
        if (File.Exists(target))
        {
            throw new RecsysException($"{target}: a file stands where the model's directory is to be");
        }

        if (!Directory.Exists(target) || !Directory.EnumerateFileSystemEntries(target).Any())
        {
            return;
        }

        if (!File.Exists(Path.Combine(target, Manifest.FileName)))
        {
            throw new RecsysException($"{target}: a directory that is no model stands there; it is not replaced");
        }

        if (!overwrite)
        {
            throw new RecsysException($"{target}: a model stands there already; say that it is to be overwritten, or choose another name");
        }
    }

    private static void TryDelete(string directory)
    {
        try
        {
            Directory.Delete(directory, recursive: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // A reader on Windows may still hold its files: the next save clears it.
        }
    }

    private void ClearLeftovers()
    {
        string old = Sibling(_target, ".old");
        if (Directory.Exists(old))
        {
            if (Directory.Exists(_target))
            {
                TryDelete(old);
            }
            else
            {
                Directory.Move(old, _target);
            }
        }

        string start = $".{Path.GetFileName(_target)}.tmp-";
        foreach (string left in Directory.GetDirectories(_parent))
        {
            if (Path.GetFileName(left).StartsWith(start, StringComparison.Ordinal))
            {
                TryDelete(left);
            }
        }
    }
}
