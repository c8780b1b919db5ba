namespace Recsys.Engine.Storage;

/// <summary>
/// A file held open exclusively: one holder among all processes (advisory flock on Unix, sharing modes on Windows).
/// The system lets go of it when the holder dies.
/// </summary>
internal sealed class FileLock : IDisposable
{
    private readonly string _path;
    private readonly bool _delete;
    private readonly FileStream _file;

    private FileLock(string path, bool delete, FileStream file)
    {
        _path = path;
        _delete = delete;
        _file = file;
    }

    /// <summary>Takes the lock or returns null where another holds it.</summary>
    /// <param name="path">The lock file, created where it is not there.</param>
    /// <param name="delete">Whether the file is deleted when the lock is given back.</param>
    public static FileLock? TryTake(string path, bool delete)
    {
        while (true)
        {
            FileStream file;
            try
            {
                file = new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, 0);
            }
            catch (IOException e) when (e is not (DirectoryNotFoundException or PathTooLongException))
            {
                if (File.Exists(path) || OperatingSystem.IsWindows())
                {
                    return null;
                }

                throw;
            }

            // A holder that deletes the file may have done so between our opening and locking it: what we hold then
            // has no name any more, and another may hold the file that has.
            if (!delete || IsNamed(path, file))
            {
                return new FileLock(path, delete, file);
            }

            file.Dispose();
        }
    }

    public void Dispose()
    {
        if (_delete && !OperatingSystem.IsWindows())
        {
            File.Delete(_path); // before letting go: nobody else can hold it yet
        }

        _file.Dispose();
        if (_delete && OperatingSystem.IsWindows())
        {
            try
            {
                File.Delete(_path);
            }
            catch (IOException)
            {
                // the next holder has it already
            }
        }
    }

    private static bool IsNamed(string path, FileStream file)
    {
        if (OperatingSystem.IsWindows())
        {
            return true; // an open file cannot be deleted there
        }

        // A random length is the token: it can be seen by name without opening the locked file.
        long token = Random.Shared.Next(1, 1 << 20);
        file.SetLength(token);
        var named = new FileInfo(path);
        return named.Exists && named.Length == token;
    }
}
