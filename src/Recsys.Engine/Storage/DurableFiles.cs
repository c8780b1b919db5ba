using System.Runtime.InteropServices;

namespace Recsys.Engine.Storage;

/// <summary>What the class library lacks for durable files: flushing a directory, exchanging two directories.</summary>
internal static partial class DurableFiles
{
    private const int CurrentDirectory = -100; // AT_FDCWD
    private const uint RenameExchange = 2; // RENAME_EXCHANGE of Linux, RENAME_SWAP of macOS

    /// <summary>
    /// Makes the names in a directory (files created, renamed, deleted there) durable. On Windows the file system's
    /// journal does, and there is nothing to call.
    /// </summary>
    public static void FlushDirectory(string path)
    {
        if (OperatingSystem.IsWindows())
        {
            return;
        }

        int descriptor = Open(path, 0);
        if (descriptor < 0)
        {
            throw new IOException($"cannot open directory {path}: {Marshal.GetLastPInvokeErrorMessage()}");
        }

        int result = Sync(descriptor);
        string error = Marshal.GetLastPInvokeErrorMessage();
        _ = Close(descriptor);
        if (result != 0)
        {
            throw new IOException($"cannot flush directory {path}: {error}");
        }
    }

    /// <summary>Creates a directory and the missing ones above it, durably.</summary>
    public static void CreateDirectory(string path)
    {
        if (Directory.Exists(path))
        {
            return;
        }

        string? parent = Path.GetDirectoryName(path);
        if (parent is not null)
        {
            CreateDirectory(parent);
        }

        Directory.CreateDirectory(path);
        FlushDirectory(parent ?? path);
    }

    /// <summary>Swaps what two names stand for, in one step; false where system or file system cannot.</summary>
    public static bool TryExchange(string a, string b)
    {
        try
        {
            if (OperatingSystem.IsLinux())
            {
                return RenameAt2(CurrentDirectory, a, CurrentDirectory, b, RenameExchange) == 0;
            }

            return OperatingSystem.IsMacOS() && RenameSwap(a, b, RenameExchange) == 0;
        }
        catch (EntryPointNotFoundException)
        {
            return false; // an older C library
        }
    }

    /// <summary>
    /// Gives a finished file its name. Without <paramref name="replace"/> it returns false where the name is taken: of
    /// several that try at once one succeeds. The temporary name may stay.
    /// </summary>
    public static bool Place(string temporary, string path, bool replace)
    {
        if (!replace && (OperatingSystem.IsLinux() || OperatingSystem.IsMacOS()))
        {
            if (Link(temporary, path) == 0)
            {
                return true;
            }

            if (File.Exists(path))
            {
                return false;
            }

            // A file system without links: the check and the move are two steps there.
        }

        if (!File.Exists(temporary))
        {
            throw new DirectoryNotFoundException(temporary);
        }

        try
        {
            File.Move(temporary, path, replace);
            return true;
        }
        catch (IOException) when (!replace && File.Exists(path))
        {
            return false;
        }
    }

    [LibraryImport("libc", EntryPoint = "link", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Link(string from, string to);

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static partial int Sync(int descriptor);

    [LibraryImport("libc", EntryPoint = "close")]
    private static partial int Close(int descriptor);

    [LibraryImport("libc", EntryPoint = "renameat2", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int RenameAt2(int fromDirectory, string from, int toDirectory, string to, uint flags);

    [LibraryImport("libc", EntryPoint = "renamex_np", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int RenameSwap(string from, string to, uint flags);
}
