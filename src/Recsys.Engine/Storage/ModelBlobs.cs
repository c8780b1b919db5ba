using System.Globalization;

namespace Recsys.Engine.Storage;

/// <summary>
/// Finished models in a blob store: the files of a model's directory (<see cref="ModelStore"/>) in chunks, under
/// <c>models/NAME/VERSION/FILE/CHUNK</c>, and the manifest last, under <c>models/NAME/VERSION/manifest.json</c>. A version
/// without manifest is not there. A chunk is 4 MB and is checked against the manifest's checksum of those 4 MB.
/// Versions are numbers from 1 up; a version never changes.
/// </summary>
/// <remarks>
/// An items × items matrix of 4 MB and more (EASE, SLIM) is not stored as a stretch of its file but by columns, so that whoever
/// serves some of the items reads theirs only: <see cref="ColumnTiles"/>, described by <c>models/NAME/VERSION/tiles</c>.
/// </remarks>
public static class ModelBlobs
{
    private const string Root = "models/";
    private const string Claim = "claim";
    private const string Tiles = "tiles";
    private const long LeastTiled = ChunkedFile.ChunkBytes;

    // Several partitions in one process ask for the same version at once: one of them fetches it.
    private static readonly KeyedLock Fetching = new();

    /// <summary>
    /// Stores a model as the next version of its name, straight from its memory: on the disk it needs no room. Returns the version.
    /// </summary>
    /// <param name="store">Where.</param>
    /// <param name="model">The model's name.</param>
    /// <param name="contents">What to store; its memory must stay as it is until this has ended.</param>
    /// <param name="claim">Who saves: the same text gets the same version again, so that saving may be repeated; null: nobody repeats it.</param>
    /// <param name="cancellationToken">Stops it; what was written is no version.</param>
    public static Task<string> SaveAsync(
        IBlobStore store, string model, ModelContents contents, string? claim = null, CancellationToken cancellationToken = default) =>
        SaveAsync(store, model, contents, claim, LeastTiled, cancellationToken);

    /// <inheritdoc cref="SaveAsync(IBlobStore, string, ModelContents, string?, CancellationToken)"/>
    internal static async Task<string> SaveAsync(
        IBlobStore store, string model, ModelContents contents, string? claim, long leastTiled, CancellationToken cancellationToken)
    {
        BlobKey.CheckName(model, "model");
        string version = await ClaimAsync(store, model, claim ?? Guid.NewGuid().ToString("N"), cancellationToken).ConfigureAwait(false);
        string prefix = Prefix(model, version);
        if (await store.GetAsync(prefix + Manifest.FileName, cancellationToken).ConfigureAwait(false) is not null)
        {
            return version; // the same claim, repeated
        }

        using var image = new ModelImage(contents);
        var files = new Dictionary<string, ChunkedFile>();
        foreach (var (name, content) in image.Files)
        {
            files[name] = name == ModelFiles.ArraysFile && TileIndex.Of(content.Tensors, contents.Items, leastTiled) is { } index
                ? await SaveTilesAsync(store, prefix, index, content, cancellationToken).ConfigureAwait(false)
                : await SaveChunksAsync(store, prefix, name, content, cancellationToken).ConfigureAwait(false);
        }

        await store.PutAsync(prefix + Manifest.FileName, image.Describe(files).ToBytes(), cancellationToken: cancellationToken).ConfigureAwait(false);
        return version;
    }

    /// <summary>The complete versions of a model, oldest first.</summary>
    public static async Task<IReadOnlyList<string>> ListVersionsAsync(
        IBlobStore store, string model, CancellationToken cancellationToken = default)
    {
        BlobKey.CheckName(model, "model");
        string prefix = $"{Root}{model}/";
        var keys = await store.ListAsync(prefix, cancellationToken).ConfigureAwait(false);
        return
        [
            .. keys.Select(k => k[prefix.Length..].Split('/')).Where(s => s is [_, Manifest.FileName])
                .Select(s => Number(s[0])).Where(n => n > 0).Order().Select(n => n.ToString(CultureInfo.InvariantCulture)),
        ];
    }

    /// <summary>The names of the models of which there is a complete version, in ordinal order.</summary>
    public static async Task<IReadOnlyList<string>> ListModelsAsync(IBlobStore store, CancellationToken cancellationToken = default)
    {
        var keys = await store.ListAsync(Root, cancellationToken).ConfigureAwait(false);
        return
        [
            .. keys.Select(k => k[Root.Length..].Split('/')).Where(s => s is [_, _, Manifest.FileName])
                .Select(s => s[0]).Distinct(StringComparer.Ordinal),
        ];
    }

    /// <summary>
    /// Opens a version: its files are brought to <c>NAME/VERSION</c> in <paramref name="cacheFolder"/> unless they are
    /// there, and opened. Processes may share the folder.
    /// </summary>
    /// <exception cref="Data.UnknownIdException">There is no such version.</exception>
    /// <exception cref="ModelFormatException">Something of it is missing or altered.</exception>
    public static async Task<StoredModel> OpenAsync(
        IBlobStore store,
        string model,
        string version,
        string cacheFolder,
        OpenOptions? options = null,
        CancellationToken cancellationToken = default)
    {
        string prefix = Prefix(model, version);
        byte[] bytes = await ReadManifestBytesAsync(store, model, version, cancellationToken).ConfigureAwait(false);
        string directory = Path.Combine(cacheFolder, model, version);
        using var only = await Fetching.LockAsync(Path.GetFullPath(directory), cancellationToken).ConfigureAwait(false);
        if (IsThere(directory, bytes))
        {
            try
            {
                return ModelStore.Open(directory, options, cancellationToken);
            }
            catch (ModelFormatException)
            {
                DeleteFolder(directory); // damaged here, perhaps not there
            }
        }
        else if (Directory.Exists(directory))
        {
            DeleteFolder(directory); // left by another cluster, or half deleted
        }

        string temporary = Path.Combine(cacheFolder, model, $".{version}-{Guid.NewGuid():N}");
        try
        {
            Directory.CreateDirectory(temporary);
            await FetchAsync(store, prefix, Manifest.Parse(bytes, prefix + Manifest.FileName), temporary, arrays: true, cancellationToken).ConfigureAwait(false);
            await File.WriteAllBytesAsync(Path.Combine(temporary, Manifest.FileName), bytes, cancellationToken).ConfigureAwait(false);
            try
            {
                Directory.Move(temporary, directory);
            }
            catch (IOException) when (IsThere(directory, bytes))
            {
                // Another process was faster.
            }
        }
        finally
        {
            DeleteFolder(temporary);
        }

        return ModelStore.Open(directory, options, cancellationToken);
    }

    /// <summary>Opens a version's facts, ids and histories; its arrays are neither fetched nor there.</summary>
    /// <inheritdoc cref="OpenAsync"/>
    internal static async Task<StoredModel> OpenWithoutArraysAsync(
        IBlobStore store, string model, string version, string cacheFolder, CancellationToken cancellationToken = default)
    {
        string prefix = Prefix(model, version);
        byte[] bytes = await ReadManifestBytesAsync(store, model, version, cancellationToken).ConfigureAwait(false);
        string temporary = Path.Combine(cacheFolder, model, $".{version}-{Guid.NewGuid():N}");
        try
        {
            Directory.CreateDirectory(temporary);
            await FetchAsync(store, prefix, Manifest.Parse(bytes, prefix + Manifest.FileName), temporary, arrays: false, cancellationToken).ConfigureAwait(false);
            using var files = new ModelFiles(temporary, bytes, OpenOptions.Default, arrays: false);
            return files.Read(cancellationToken);
        }
        finally
        {
            DeleteFolder(temporary);
        }
    }

    /// <summary>The tiles of a version's matrix; null where it has none.</summary>
    /// <exception cref="ModelFormatException">Their description is damaged.</exception>
    internal static Task<ColumnTiles?> OpenTilesAsync(
        IBlobStore store, string model, string version, CancellationToken cancellationToken = default) =>
        OpenTilesAsync(store, Prefix(model, version), cancellationToken);

    /// <summary>The manifest of a version.</summary>
    /// <exception cref="Data.UnknownIdException">There is no such version.</exception>
    internal static async Task<Manifest> ReadManifestAsync(
        IBlobStore store, string model, string version, CancellationToken cancellationToken = default) => Manifest.Parse(
            await ReadManifestBytesAsync(store, model, version, cancellationToken).ConfigureAwait(false), Prefix(model, version) + Manifest.FileName);

    private static async Task<byte[]> ReadManifestBytesAsync(IBlobStore store, string model, string version, CancellationToken cancellationToken) =>
        await store.GetAsync(Prefix(model, version) + Manifest.FileName, cancellationToken).ConfigureAwait(false)
            ?? throw new Data.UnknownIdException("model version", $"{model}/{version}");

    /// <summary>Deletes a version: first what makes it one, then the rest.</summary>
    public static async Task DeleteAsync(IBlobStore store, string model, string version, CancellationToken cancellationToken = default)
    {
        string prefix = Prefix(model, version);
        await store.DeleteAsync(prefix + Manifest.FileName, cancellationToken).ConfigureAwait(false);
        await store.DeleteAsync(prefix, cancellationToken).ConfigureAwait(false);
    }

    private static async Task<ColumnTiles?> OpenTilesAsync(IBlobStore store, string prefix, CancellationToken cancellationToken) =>
        await store.GetAsync(prefix + Tiles, cancellationToken).ConfigureAwait(false) is { } index
            ? new ColumnTiles(store, prefix, TileIndex.Parse(index, prefix + Tiles))
            : null;

    private static async Task<ChunkedFile> SaveTilesAsync(
        IBlobStore store, string prefix, TileIndex index, SafetensorsImage content, CancellationToken cancellationToken)
    {
        await store.PutAsync(prefix + Tiles, index.ToBytes(), replace: true, cancellationToken).ConfigureAwait(false);
        return await new ColumnTiles(store, prefix, index).SaveAsync(content, cancellationToken).ConfigureAwait(false);
    }

    private static async Task<ChunkedFile> SaveChunksAsync(
        IBlobStore store, string prefix, string name, SafetensorsImage content, CancellationToken cancellationToken)
    {
        using var sums = new ChunkHasher();
        byte[] chunk = GC.AllocateUninitializedArray<byte>((int)Math.Min(ChunkedFile.ChunkBytes, content.Bytes));
        for (int c = 0; content.Position < content.Bytes; c++)
        {
            var bytes = chunk.AsMemory(0, content.Read(chunk));
            sums.Append(bytes.Span);
            await store.PutAsync(ChunkKey(prefix, name, c), bytes, replace: true, cancellationToken).ConfigureAwait(false);
        }

        return sums.Finish();
    }

    private static async Task FetchAsync(
        IBlobStore store, string prefix, Manifest manifest, string directory, bool arrays, CancellationToken cancellationToken)
    {
        var tiles = arrays ? await OpenTilesAsync(store, prefix, cancellationToken).ConfigureAwait(false) : null;
        foreach (var (name, file) in manifest.Files.Where(f => arrays || f.Key != ModelFiles.ArraysFile))
        {
            using var handle = File.OpenHandle(
                Path.Combine(directory, Path.GetFileName(name)), FileMode.CreateNew, FileAccess.Write, preallocationSize: file.Bytes);
            if (tiles?.File == name)
            {
                await tiles.FetchAsync(handle, file, cancellationToken).ConfigureAwait(false);
                continue;
            }

            for (int c = 0; c < file.Crc32C.Count; c++)
            {
                string key = ChunkKey(prefix, name, c);
                byte[] chunk = await store.GetAsync(key, cancellationToken).ConfigureAwait(false)
                    ?? throw new ModelFormatException(key, "missing");
                long offset = (long)c * ChunkedFile.ChunkBytes;
                if (chunk.Length != Math.Min(ChunkedFile.ChunkBytes, file.Bytes - offset) || Crc32C.Compute(chunk) != file.Crc32C[c])
                {
                    throw new ModelFormatException(key, "altered: its checksum does not match the manifest");
                }

                await RandomAccess.WriteAsync(handle, chunk, offset, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    /// <summary>Takes the next free version: of several that try at once each gets one of its own.</summary>
    private static async Task<string> ClaimAsync(IBlobStore store, string model, string claim, CancellationToken cancellationToken)
    {
        byte[] mine = System.Text.Encoding.UTF8.GetBytes(claim);
        string prefix = $"{Root}{model}/";
        var keys = await store.ListAsync(prefix, cancellationToken).ConfigureAwait(false);
        int next = 1;
        foreach (int number in keys.Select(k => Number(k[prefix.Length..].Split('/')[0])).Distinct())
        {
            string key = Prefix(model, number) + Claim;
            if (await store.GetAsync(key, cancellationToken).ConfigureAwait(false) is { } there && there.AsSpan().SequenceEqual(mine))
            {
                return number.ToString(CultureInfo.InvariantCulture);
            }

            next = Math.Max(next, number + 1);
        }

        while (!await store.PutAsync(Prefix(model, next) + Claim, mine, cancellationToken: cancellationToken).ConfigureAwait(false))
        {
            next++;
        }

        return next.ToString(CultureInfo.InvariantCulture);
    }

    private static string Prefix(string model, string version)
    {
        BlobKey.CheckName(model, "model");
        return Number(version) is > 0 and var number
            ? Prefix(model, number)
            : throw new Data.UnknownIdException("model version", $"{model}/{version}");
    }

    private static string Prefix(string model, int number) => string.Create(CultureInfo.InvariantCulture, $"{Root}{model}/{number:D6}/");

    private static string ChunkKey(string prefix, string file, int chunk) =>
        string.Create(CultureInfo.InvariantCulture, $"{prefix}{file}/{chunk:D6}");

    private static int Number(string version) =>
        int.TryParse(version, NumberStyles.None, CultureInfo.InvariantCulture, out int number) ? number : 0;

    private static bool IsThere(string directory, byte[] manifest)
    {
        try
        {
            return Manifest.ReadBytes(directory).AsSpan().SequenceEqual(manifest);
        }
        catch (ModelFormatException)
        {
            return false;
        }
    }

    private static void DeleteFolder(string directory)
    {
        try
        {
            if (Directory.Exists(directory))
            {
                Directory.Delete(directory, recursive: true);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
        }
    }
}
