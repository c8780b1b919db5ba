using System.Collections.Frozen;
using Recsys.Engine.Models;
using Recsys.Engine.Storage;

namespace Recsys.Engine.Serving.Distributed;

/// <summary>
/// The active models of a cluster in the memory of one process, within a bound of bytes. <see cref="FollowAsync"/> loads
/// what was activated and then swaps it in at once; until then the old versions answer, and a request keeps the version it
/// began with. Of a model that the bound has no room for only ids and histories are held: it is served in partitions
/// (<see cref="IItemShards"/>), or not at all where its kind cannot be.
/// </summary>
public sealed class ModelCache : ILiveModels, IDisposable
{
    private readonly IBlobStore _blobs;
    private readonly string _folder;
    private readonly long _bound;
    private readonly SemaphoreSlim _following = new(1);
    private Snapshot _live = Snapshot.None;
    private ActiveModels _coming = ActiveModels.None;
    private bool _disposed;

    /// <summary>An empty cache.</summary>
    /// <param name="blobs">Where the models are.</param>
    /// <param name="folder">A folder of this process for their files.</param>
    /// <param name="boundBytes">Most bytes of active models; while one is replaced, its old version is held besides.</param>
    public ModelCache(IBlobStore blobs, string folder, long boundBytes)
    {
        _blobs = blobs;
        _folder = folder;
        _bound = boundBytes;
    }

    /// <summary>The choice that answers now.</summary>
    public ActiveModels Active => Volatile.Read(ref _live).Choice;

    /// <summary>Bytes of the models that answer, by the size of their files.</summary>
    public long Bytes => Volatile.Read(ref _live).Entries.Values.Sum(e => e.IsPartitioned ? 0 : e.Bytes);

    /// <summary>Whether a model (null: the default one) is too large to be held here.</summary>
    public bool IsPartitioned(string? model)
    {
        var live = Volatile.Read(ref _live);
        return (model ?? live.Choice.Default) is { } name && live.Entries.TryGetValue(name, out var entry) && entry.IsPartitioned;
    }

    /// <summary>
    /// Loads what a choice names and is not here, then lets the choice answer, all at once. Calls take their turn. Where a
    /// model cannot be loaded, nothing changes.
    /// </summary>
    /// <param name="choice">What is to answer.</param>
    /// <param name="shards">Told to load what is too large for here, before the swap; null: they load it when they are asked.</param>
    /// <param name="cancellationToken">Stops loading.</param>
    /// <exception cref="RecsysException">A version is missing or damaged.</exception>
    public async Task FollowAsync(
        ActiveModels choice, IItemShards? shards = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(choice);
        await _following.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            Volatile.Write(ref _coming, choice);
            var before = _live;
            var after = new Dictionary<string, Entry>(StringComparer.Ordinal);
            try
            {
                await LoadAsync(choice, before, after, shards, cancellationToken).ConfigureAwait(false);
                Volatile.Write(ref _live, new Snapshot(choice, after.ToFrozenDictionary(StringComparer.Ordinal)));
            }
            catch
            {
                Release(after, before.Entries);
                throw;
            }

            Release(before.Entries, after);
            DeleteOld(choice);
        }
        finally
        {
            _following.Release();
        }
    }

    /// <summary>The versions that answer and are served in partitions.</summary>
    public IReadOnlyList<(string Model, string Version)> Partitioned =>
        [.. Volatile.Read(ref _live).Entries.Values.Where(e => e.IsPartitioned).Select(e => (e.Live.Name, e.Live.Version))];

    /// <summary>Lets partitions load what they serve of the models that answer, as after a start: questions need not wait for it then.</summary>
    public Task PrepareAsync(IItemShards shards, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(shards);
        return Task.WhenAll(Partitioned.Select(p => PrepareAsync(shards, p.Model, p.Version, cancellationToken)));
    }

    /// <inheritdoc/>
    LiveModelLease ILiveModels.Hold(string? name) => Hold(name);

    /// <inheritdoc cref="ILiveModels.Hold"/>
    internal LiveModelLease Hold(string? name)
    {
        if (TryHold(name, out var lease))
        {
            return lease;
        }

        var live = Volatile.Read(ref _live);
        var coming = Volatile.Read(ref _coming);
        if ((name ?? live.Choice.Default ?? coming.Default) is not { } model)
        {
            throw new InvalidOptionException("no model is active yet");
        }

        throw new InvalidOptionException(
            live.Choice.Active.ContainsKey(model) ? $"model '{model}' is larger than this process may hold, and cannot be served in partitions"
            : coming.Active.ContainsKey(model) ? $"model '{model}' is being loaded"
            : $"unknown model '{model}'; there are {string.Join(", ", live.Choice.Active.Keys.Order(StringComparer.Ordinal))}");
    }

    /// <summary>
    /// Holds the active version of a model, or of the default one; false where it is not here. It may be one that is served in
    /// partitions (<see cref="PartitionedFront"/>).
    /// </summary>
    internal bool TryHold(string? name, out LiveModelLease lease)
    {
        while (true)
        {
            var live = Volatile.Read(ref _live);
            if ((name ?? live.Choice.Default) is not { } model || !live.Entries.TryGetValue(model, out var entry))
            {
                lease = default;
                return false;
            }

            // It fails only in the instant after a swap: the snapshot is another by then.
            if (entry.Live.TryAcquire())
            {
                lease = new LiveModelLease(entry.Live);
                return true;
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _following.Wait();
        _disposed = true;
        foreach (var entry in _live.Entries.Values)
        {
            entry.Live.Release();
        }

        _live = Snapshot.None;
        _following.Release();
    }

    /// <summary>Deletes the files of versions that neither answer nor are to be returned to. Who has one open keeps it.</summary>
    private void DeleteOld(ActiveModels choice)
    {
        try
        {
            foreach (string version in Directory.Exists(_folder) ? Directory.GetDirectories(_folder).SelectMany(Directory.GetDirectories).ToArray() : [])
            {
                string model = Path.GetFileName(Path.GetDirectoryName(version))!;
                string name = Path.GetFileName(version);
                if (!name.StartsWith('.') && choice.Active.GetValueOrDefault(model) != name && choice.Previous.GetValueOrDefault(model) != name)
                {
                    Directory.Delete(version, recursive: true);
                }
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Somebody else is at it: the next time.
        }
    }

    private static void Release(IReadOnlyDictionary<string, Entry> entries, IReadOnlyDictionary<string, Entry> kept)
    {
        foreach (var (model, entry) in entries)
        {
            if (kept.GetValueOrDefault(model) != entry)
            {
                entry.Live.Release();
            }
        }
    }

    /// <summary>Fills the entries of a choice, the default model first.</summary>
    private async Task LoadAsync(
        ActiveModels choice, Snapshot before, Dictionary<string, Entry> after, IItemShards? shards, CancellationToken cancellationToken)
    {
        long bytes = 0;
        foreach (var (model, version) in choice.Active.OrderBy(a => a.Key != choice.Default).ThenBy(a => a.Key, StringComparer.Ordinal))
        {
            var known = before.Entries.GetValueOrDefault(model) is { } entry && entry.Live.Version == version ? entry : null;
            var manifest = known is null ? await ModelBlobs.ReadManifestAsync(_blobs, model, version, cancellationToken).ConfigureAwait(false) : null;
            long size = known?.Bytes ?? BytesOf(manifest!);
            bool partitioned = bytes + size > _bound;
            if (known is null || known.IsPartitioned != partitioned)
            {
                manifest ??= await ModelBlobs.ReadManifestAsync(_blobs, model, version, cancellationToken).ConfigureAwait(false);
                known = await LoadAsync(model, version, manifest, partitioned, cancellationToken).ConfigureAwait(false);
            }

            if (known is null)
            {
                continue; // neither fits nor can be served in partitions
            }

            after.Add(model, known);
            bytes += partitioned ? 0 : size;
            if (partitioned && shards is not null)
            {
                await PrepareAsync(shards, model, version, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    private async Task<Entry?> LoadAsync(string model, string version, Manifest manifest, bool partitioned, CancellationToken cancellationToken)
    {
        long bytes = BytesOf(manifest);
        if (partitioned
            && await ModelBlobs.OpenTilesAsync(_blobs, model, version, cancellationToken).ConfigureAwait(false) is { } tiles
            && ItemShard.Supports(tiles, manifest.Facts.Algorithm))
        {
            using var head = await ModelBlobs.OpenWithoutArraysAsync(_blobs, model, version, _folder, cancellationToken).ConfigureAwait(false);
            return new Entry(new LiveModel(model, version, PartitionedFront.Load(head), ServingOptions.Default), bytes, IsPartitioned: true);
        }

        using var stored = await ModelBlobs.OpenAsync(_blobs, model, version, _folder, OpenOptions.BesideServing, cancellationToken).ConfigureAwait(false);
        if (partitioned && !ItemShard.Supports(stored))
        {
            return null;
        }

        var loaded = await Task.Run(
            () => partitioned ? PartitionedFront.Load(stored) : Algorithms.Get(stored.Facts.Algorithm).Read(stored), cancellationToken).ConfigureAwait(false);
        return new Entry(new LiveModel(model, version, loaded, ServingOptions.Default), bytes, partitioned);
    }

    private static Task PrepareAsync(IItemShards shards, string model, string version, CancellationToken cancellationToken) => Task.WhenAll(
        Enumerable.Range(0, shards.Partitions).Select(p => shards.PrepareAsync(p, model, version, cancellationToken)));

    private static long BytesOf(Manifest manifest) => manifest.Files.Values.Sum(f => f.Bytes);

    private sealed record Entry(LiveModel Live, long Bytes, bool IsPartitioned);

    private sealed record Snapshot(ActiveModels Choice, FrozenDictionary<string, Entry> Entries)
    {
        public static Snapshot None { get; } = new(ActiveModels.None, FrozenDictionary<string, Entry>.Empty);
    }
}
