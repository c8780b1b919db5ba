using System.Globalization;
using System.Text.Json;
using Recsys.Engine.Storage;

namespace Recsys.Engine.Online;

/// <summary>
/// Snapshots in a blob store: the files of one in chunks under <c>PREFIX/POSITION/</c>, and last <c>complete</c>, which
/// lists them: without it the snapshot is not there. Checksums are those of the files themselves.
/// </summary>
internal sealed class SnapshotBlobs(IBlobStore store, string prefix, string temporaryFolder, int kept) : IOnlineSnapshots
{
    private const string Complete = "/complete";
    private const int ChunkBytes = 4 << 20;

    public async Task<long> OldestAsync(CancellationToken cancellationToken)
    {
        var positions = await PositionsAsync(cancellationToken).ConfigureAwait(false);
        return positions.LastOrDefault();
    }

    public async Task<long> SaveAsync(Func<string, long> write, CancellationToken cancellationToken)
    {
        string folder = NewFolder();
        try
        {
            long position = await Task.Run(() => write(folder), cancellationToken).ConfigureAwait(false);
            if (await store.GetAsync(Name(position) + Complete, cancellationToken).ConfigureAwait(false) is null)
            {
                await PutAsync(folder, Name(position), cancellationToken).ConfigureAwait(false);
            }

            var positions = await PositionsAsync(cancellationToken).ConfigureAwait(false);
            foreach (long old in positions.Skip(kept))
            {
                await store.DeleteAsync(Name(old) + Complete, cancellationToken).ConfigureAwait(false);
                await store.DeleteAsync(Name(old) + "/", cancellationToken).ConfigureAwait(false);
            }

            return position;
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    public async Task<OnlineState?> LoadNewestAsync(
        Func<string, OnlineState> load, long journalStart, CancellationToken cancellationToken)
    {
        ModelFormatException? damage = null;
        foreach (long position in await PositionsAsync(cancellationToken).ConfigureAwait(false))
        {
            if (position < journalStart)
            {
                break;
            }

            string folder = NewFolder();
            try
            {
                await FetchAsync(Name(position), folder, cancellationToken).ConfigureAwait(false);
                return await Task.Run(() => load(folder), cancellationToken).ConfigureAwait(false);
            }
            catch (ModelFormatException e)
            {
                // An older one and more of the journal give the same state.
                damage ??= e;
            }
            finally
            {
                Directory.Delete(folder, recursive: true);
            }
        }

        return damage is null ? null : throw damage;
    }

    private async Task PutAsync(string folder, string name, CancellationToken cancellationToken)
    {
        var files = new Dictionary<string, long>();
        byte[] chunk = new byte[ChunkBytes];
        foreach (string path in Directory.GetFiles(folder, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal))
        {
            string file = Path.GetRelativePath(folder, path).Replace(Path.DirectorySeparatorChar, '/');
            using var stream = File.OpenRead(path);
            files[file] = stream.Length;
            for (int c = 0; stream.Position < stream.Length; c++)
            {
                int read = await stream.ReadAtLeastAsync(chunk, ChunkBytes, throwOnEndOfStream: false, cancellationToken).ConfigureAwait(false);
                await store.PutAsync(ChunkKey(name, file, c), chunk.AsMemory(0, read), replace: true, cancellationToken).ConfigureAwait(false);
            }
        }

        await store.PutAsync(name + Complete, JsonSerializer.SerializeToUtf8Bytes(files), replace: true, cancellationToken).ConfigureAwait(false);
    }

    private async Task FetchAsync(string name, string folder, CancellationToken cancellationToken)
    {
        byte[] list = await store.GetAsync(name + Complete, cancellationToken).ConfigureAwait(false) ?? throw Missing(name + Complete);
        foreach (var (file, bytes) in JsonSerializer.Deserialize<Dictionary<string, long>>(list)!)
        {
            string path = Path.Combine(folder, file);
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            using var stream = File.Create(path);
            for (int c = 0; stream.Length < bytes; c++)
            {
                string key = ChunkKey(name, file, c);
                byte[] chunk = await store.GetAsync(key, cancellationToken).ConfigureAwait(false) ?? throw Missing(key);
                await stream.WriteAsync(chunk, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    private static ModelFormatException Missing(string key) => new(key, "missing");

    private static string ChunkKey(string name, string file, int chunk) =>
        string.Create(CultureInfo.InvariantCulture, $"{name}/{file}/{chunk:D6}");

    private async Task<IReadOnlyList<long>> PositionsAsync(CancellationToken cancellationToken)
    {
        var keys = await store.ListAsync(prefix + "/", cancellationToken).ConfigureAwait(false);
        return
        [
            .. keys.Where(k => k.EndsWith(Complete, StringComparison.Ordinal))
                .Select(k => long.Parse(k.AsSpan()[(prefix.Length + 1)..^Complete.Length], NumberStyles.None, CultureInfo.InvariantCulture))
                .OrderDescending(),
        ];
    }

    private string Name(long position) => string.Create(CultureInfo.InvariantCulture, $"{prefix}/{position:D20}");

    private string NewFolder()
    {
        string folder = Path.Combine(temporaryFolder, "snapshot-" + Guid.NewGuid().ToString("N"));
        Directory.CreateDirectory(folder);
        return folder;
    }
}
