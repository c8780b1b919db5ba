using System.Collections.Frozen;
using Recsys.Engine.Models;
using Recsys.Engine.Storage;

namespace Recsys.Engine.Serving.Distributed;

/// <summary>
/// The active models of a cluster in the memory of one process, within a bound of bytes. <see cref="FollowAsync"/> loads
/// what was activated and then swaps it in at once; until then the old versions answer, and a request keeps the version it
/// began with. A model that the bound has no room for is not loaded: it is served in partitions.
/// </summary>
public sealed class ModelCache : ILiveModels, IDisposable
{
    private readonly IBlobStore _blobs;
    private readonly string _folder;
    private readonly long _bound;
    private readonly SemaphoreSlim _following = new(1);
    private Snapshot _live = Snapshot.None;
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
    public long Bytes => Volatile.Read(ref _live).Entries.Values.Sum(e => e.Bytes);

    /// <summary>Whether a model (null: the default one) is too large to be held here.</summary>
    public bool IsPartitioned(string? model)
    {
        var live = Volatile.Read(ref _live);
        return (model ?? live.Choice.Default) is { } name && live.Partitioned.Contains(name);
    }

    /// <summary>
    /// Loads what a choice names and is not here, then lets the choice answer, all at once. Calls take their turn. Where a
    /// model cannot be loaded, nothing changes.
    /// </summary>
    /// <param name="choice">What is to answer.</param>
    /// <param name="prepare">Called with each model and version that is too large, before the swap; may be null.</param>
    /// <param name="cancellationToken">Stops loading.</param>
    /// <exception cref="RecsysException">A version is missing or damaged.</exception>
    public async Task FollowAsync(
        ActiveModels choice, Func<string, string, CancellationToken, Task>? prepare = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(choice);
        await _following.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            var before = _live;
            var after = new Dictionary<string, Entry>(StringComparer.Ordinal);
            try
            {
                var partitioned = await LoadAsync(choice, before, after, prepare, cancellationToken).ConfigureAwait(false);
                Volatile.Write(ref _live, new Snapshot(choice, after.ToFrozenDictionary(StringComparer.Ordinal), partitioned));
            }
            catch
            {
                Release(after, before.Entries);
                throw;
            }

            Release(before.Entries, after);
        }
        finally
        {
            _following.Release();
        }
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
        if ((name ?? live.Choice.Default) is not { } model)
        {
            throw new InvalidOptionException("no model is active yet");
        }

        throw new InvalidOptionException(live.Partitioned.Contains(model)
            ? $"model '{model}' is larger than this process holds"
            : $"unknown model '{model}'; there are {string.Join(", ", live.Choice.Active.Keys.Order(StringComparer.Ordinal))}");
    }

    /// <summary>Holds the active version of a model, or of the default one; false where it is not here.</summary>
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
            if (entry.Live.TryHold())
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

    /// <summary>Fills the entries of a choice, the default model first; returns those for which there is no room.</summary>
    private async Task<FrozenSet<string>> LoadAsync(
        ActiveModels choice,
        Snapshot before,
        Dictionary<string, Entry> after,
        Func<string, string, CancellationToken, Task>? prepare,
        CancellationToken cancellationToken)
    {
        var partitioned = new HashSet<string>(StringComparer.Ordinal);
        long bytes = 0;
        foreach (var (model, version) in choice.Active.OrderBy(a => a.Key != choice.Default).ThenBy(a => a.Key, StringComparer.Ordinal))
        {
            bool here = before.Entries.TryGetValue(model, out var entry) && entry.Live.Version == version;
            long size = here ? entry!.Bytes
                : (await ModelBlobs.ReadManifestAsync(_blobs, model, version, cancellationToken).ConfigureAwait(false)).Files.Values.Sum(f => f.Bytes);
            if (bytes + size > _bound)
            {
                partitioned.Add(model);
                if (prepare is not null)
                {
                    await prepare(model, version, cancellationToken).ConfigureAwait(false);
                }

                continue;
            }

            after.Add(model, here ? entry! : await LoadAsync(model, version, size, cancellationToken).ConfigureAwait(false));
            bytes += size;
        }

        return partitioned.ToFrozenSet(StringComparer.Ordinal);
    }

    private async Task<Entry> LoadAsync(string model, string version, long bytes, CancellationToken cancellationToken)
    {
        using var stored = await ModelBlobs.OpenAsync(_blobs, model, version, _folder, null, cancellationToken).ConfigureAwait(false);
        var loaded = await Task.Run(() => Algorithms.Get(stored.Facts.Algorithm).Read(stored), cancellationToken).ConfigureAwait(false);
        return new Entry(new LiveModel(model, version, loaded, ServingOptions.Default), bytes);
    }

    private sealed record Entry(LiveModel Live, long Bytes);

    private sealed record Snapshot(ActiveModels Choice, FrozenDictionary<string, Entry> Entries, FrozenSet<string> Partitioned)
    {
        public static Snapshot None { get; } = new(ActiveModels.None, FrozenDictionary<string, Entry>.Empty, FrozenSet<string>.Empty);
    }
}
