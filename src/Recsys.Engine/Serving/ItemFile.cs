using System.Text.Json;
using Recsys.Engine.Storage;

namespace Recsys.Engine.Serving;

/// <summary>
/// What is known of items, kept in a file of JSON lines: changes are appended and flushed before they are acknowledged;
/// opening applies them in order and writes the file anew when most of it is out of date. A last line that a crash cut
/// off was never acknowledged and is dropped.
/// </summary>
public sealed class ItemFile : IItemWriter, IDisposable
{
    private const int MostIdle = 10_000;

    private readonly SemaphoreSlim _gate = new(1);
    private readonly FileStream _file;

    private ItemFile(ItemStore items, FileStream file)
    {
        Items = items;
        _file = file;
    }

    /// <summary>The items.</summary>
    public ItemStore Items { get; }

    /// <summary>Opens the file, or makes it.</summary>
    /// <exception cref="RecsysException">It cannot be read, or a line other than a cut-off last one is damaged.</exception>
    public static ItemFile Open(string path)
    {
        try
        {
            var items = new ItemStore();
            var (lines, end) = File.Exists(path) ? Apply(path, items) : (0, 0L);
            if (lines > (2L * items.Count) + items.Unavailable.Count + MostIdle)
            {
                Rewrite(path, items);
                end = new FileInfo(path).Length;
            }

            var file = new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.Read);
            file.SetLength(end);
            file.Seek(0, SeekOrigin.End);
            DurableFiles.FlushDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
            return new ItemFile(items, file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new RecsysException($"{path}: the items cannot be read: {e.Message.ReplaceLineEndings(" ")}", e);
        }
    }

    /// <inheritdoc/>
    public async ValueTask UpsertAsync(IReadOnlyList<ItemUpdate> items, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(items);
        using var lines = new MemoryStream();
        foreach (var item in items)
        {
            lines.Write(ItemLines.Write(item));
            lines.WriteByte((byte)'\n');
        }

        await WriteAsync(lines, () => Items.Upsert(items), cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async ValueTask<bool> DeleteAsync(string item, CancellationToken cancellationToken = default)
    {
        if (Items.IsDeleted(item))
        {
            return false;
        }

        using var lines = new MemoryStream();
        lines.Write(ItemLines.WriteDeleted(item));
        lines.WriteByte((byte)'\n');
        await WriteAsync(lines, () => Items.Delete(item), cancellationToken).ConfigureAwait(false);
        return true;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _file.Dispose();
        _gate.Dispose();
    }

    private static (int Lines, long End) Apply(string path, ItemStore items)
    {
        byte[] bytes = File.ReadAllBytes(path);
        int number = 0;
        int at = 0;
        while (bytes.AsSpan(at).IndexOf((byte)'\n') is >= 0 and int length)
        {
            number++;
            try
            {
                ItemLines.Apply(items, bytes.AsSpan(at, length));
            }
            catch (JsonException e)
            {
                throw new RecsysException($"{path}:{number}: expected an item as a JSON object, found something else", e);
            }

            at += length + 1;
        }

        return (number, at);
    }

    private static void Rewrite(string path, ItemStore items)
    {
        string temporary = path + ".new";
        using (var file = new FileStream(temporary, FileMode.Create, FileAccess.Write))
        {
            foreach (var item in items.All)
            {
                file.Write(ItemLines.Write(item));
                file.WriteByte((byte)'\n');
            }

            foreach (string id in items.Unavailable.Where(items.IsDeleted))
            {
                file.Write(ItemLines.WriteDeleted(id));
                file.WriteByte((byte)'\n');
            }

            file.Flush(flushToDisk: true);
        }

        File.Move(temporary, path, overwrite: true);
    }

    private async Task WriteAsync(MemoryStream lines, Action apply, CancellationToken cancellationToken)
    {
        await _gate.WaitAsync(cancellationToken).ConfigureAwait(false);
        long start = _file.Length;
        try
        {
            lines.Position = 0;
            await Task.Run(
                () =>
                {
                    lines.CopyTo(_file);
                    _file.Flush(flushToDisk: true);
                },
                CancellationToken.None).ConfigureAwait(false);
            apply();
        }
        catch (IOException e)
        {
            _file.SetLength(start);
            throw new RecsysException($"{_file.Name}: the items cannot be written: {e.Message.ReplaceLineEndings(" ")}", e);
        }
        finally
        {
            _gate.Release();
        }
    }
}
