using System.Buffers;
using System.Buffers.Binary;
using System.Globalization;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using Recsys.Engine.Storage;

namespace Recsys.Engine.Ease.Distributed;

/// <summary>
/// Checkpoints in a directory that all hosts share (or, for a partition that comes back to the same machine, a local one):
/// one file each, written under another name until it is whole and on the disk, its pieces guarded by checksums.
/// </summary>
/// <remarks>
/// A file is the pieces one after the other, each: first row, rows, columns, CRC-32C of the values (int32, little-endian),
/// values (float32). Two writers of one checkpoint (a partition that was taken for lost, and its successor) each write a
/// file of their own; the bits are the same, and the last to finish leaves the name.
/// </remarks>
public sealed class FileCheckpoints : IEaseCheckpoints
{
    private const int HeaderBytes = 16;
    private const string Suffix = ".checkpoint";
    private readonly string _root;
    private readonly string _writer = Guid.NewGuid().ToString("N");

    /// <summary>Checkpoints in a directory, which is created.</summary>
    public FileCheckpoints(string directory)
    {
        _root = Path.GetFullPath(directory);
        Directory.CreateDirectory(_root);
    }

    /// <inheritdoc/>
    public async Task SaveAsync(EaseCheckpoint checkpoint, int piece, PanelBlock block, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(checkpoint);
        ArgumentNullException.ThrowIfNull(block);
        string part = PartPath(checkpoint);
        if (piece == 0)
        {
            DurableFiles.CreateDirectory(Path.GetDirectoryName(part)!);
        }

        int length = HeaderBytes + (int)block.Bytes;
        byte[] bytes = ArrayPool<byte>.Shared.Rent(length);
        try
        {
            block.CopyTo(bytes.AsSpan(HeaderBytes));
            BinaryPrimitives.WriteInt32LittleEndian(bytes, block.First);
            BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(4), block.Rows);
            BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(8), block.Columns);
            BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(12), Crc32C.Compute(bytes.AsSpan(HeaderBytes, length - HeaderBytes)));
            await using var file = new FileStream(
                part, piece == 0 ? FileMode.Create : FileMode.Append, FileAccess.Write, FileShare.None, 0, useAsync: true);
            await file.WriteAsync(bytes.AsMemory(0, length), cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(bytes);
        }
    }

    /// <inheritdoc/>
    public Task CompleteAsync(EaseCheckpoint checkpoint, int pieces, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(checkpoint);
        string path = FilePath(checkpoint), part = PartPath(checkpoint);
        if (pieces == 0)
        {
            DurableFiles.CreateDirectory(Path.GetDirectoryName(part)!);
            File.WriteAllBytes(part, []);
        }

        // Repeated after a lost answer there is nothing more to do.
        if (File.Exists(part))
        {
            using (var handle = File.OpenHandle(part, FileMode.Open, FileAccess.ReadWrite))
            {
                RandomAccess.FlushToDisk(handle);
            }

            File.Move(part, path, overwrite: true);
            DurableFiles.FlushDirectory(Path.GetDirectoryName(path)!);
        }

        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public async Task<PanelBlock> LoadAsync(EaseCheckpoint checkpoint, int piece, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(checkpoint);
        string path = FilePath(checkpoint);
        if (!File.Exists(path))
        {
            throw new RecsysException($"{path}: there is no such checkpoint");
        }

        using var file = File.OpenHandle(path, options: FileOptions.Asynchronous);
        byte[] header = new byte[HeaderBytes];
        long at = 0;
        for (int p = 0; ; p++)
        {
            await ReadAsync(file, header, at, path, cancellationToken).ConfigureAwait(false);
            int rows = BinaryPrimitives.ReadInt32LittleEndian(header.AsSpan(4));
            int columns = BinaryPrimitives.ReadInt32LittleEndian(header.AsSpan(8));
            PanelBlock.Guard(rows, columns);
            int length = rows * columns * sizeof(float);
            if (p < piece)
            {
                at += HeaderBytes + length;
                continue;
            }

            byte[] values = new byte[length];
            await ReadAsync(file, values, at + HeaderBytes, path, cancellationToken).ConfigureAwait(false);
            return Crc32C.Compute(values) == BinaryPrimitives.ReadUInt32LittleEndian(header.AsSpan(12))
                ? PanelBlock.Copy(BinaryPrimitives.ReadInt32LittleEndian(header), rows, columns, MemoryMarshal.Cast<byte, float>(values))
                : throw new RecsysException($"{path}: piece {piece} is damaged: its checksum is another");
        }
    }

    /// <inheritdoc/>
    public Task<IReadOnlyList<int>> ListAsync(string training, int partition, CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyList<int>>([.. Files(training, partition).Where(f => f.Path.EndsWith(Suffix, StringComparison.Ordinal))
            .Select(f => f.Pivots).Order()]);

    /// <inheritdoc/>
    public Task DeleteAsync(string training, int partition, int pivots, CancellationToken cancellationToken)
    {
        foreach (var (path, _) in Files(training, partition).Where(f => f.Pivots < pivots))
        {
            File.Delete(path);
        }

        if (pivots == int.MaxValue && Directory.Exists(Folder(training)) && !Directory.EnumerateFileSystemEntries(Folder(training)).Any())
        {
            try
            {
                Directory.Delete(Folder(training));
            }
            catch (IOException)
            {
                // Another partition has just begun to write there.
            }
        }

        return Task.CompletedTask;
    }

    private static async Task ReadAsync(
        SafeFileHandle file, byte[] target, long at, string path, CancellationToken cancellationToken)
    {
        for (int got = 0; got < target.Length;)
        {
            int n = await RandomAccess.ReadAsync(file, target.AsMemory(got), at + got, cancellationToken).ConfigureAwait(false);
            got += n > 0 ? n : throw new RecsysException($"{path}: the file ends at {at + got}, inside a piece");
        }
    }

    private IEnumerable<(string Path, int Pivots)> Files(string training, int partition)
    {
        if (!Directory.Exists(Folder(training)))
        {
            yield break;
        }

        // 0003-00000120.checkpoint, or the same followed by the writer's id and .part
        string prefix = partition.ToString("D4", CultureInfo.InvariantCulture) + "-";
        foreach (string path in Directory.GetFiles(Folder(training), prefix + "*"))
        {
            string name = Path.GetFileName(path);
            if (int.TryParse(name.AsSpan(prefix.Length, Math.Min(8, name.Length - prefix.Length)), CultureInfo.InvariantCulture, out int pivots))
            {
                yield return (path, pivots);
            }
        }
    }

    private string Folder(string training)
    {
        // An id is a name, not a path.
        string name = string.Concat(training.Select(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' ? c.ToString() : $"%{(int)c:X4}"));
        return Path.Combine(_root, name.Length == 0 ? "%" : name);
    }

    private string FilePath(EaseCheckpoint checkpoint) => Path.Combine(
        Folder(checkpoint.Training),
        string.Create(CultureInfo.InvariantCulture, $"{checkpoint.Partition:D4}-{checkpoint.Pivots:D8}{Suffix}"));

    private string PartPath(EaseCheckpoint checkpoint) => $"{FilePath(checkpoint)}.{_writer}.part";
}
