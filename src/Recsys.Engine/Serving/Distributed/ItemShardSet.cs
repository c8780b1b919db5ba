using Recsys.Engine.Models;
using Recsys.Engine.Serving.Partitioned;
using Recsys.Engine.Storage;

namespace Recsys.Engine.Serving.Distributed;

/// <summary>
/// One partition's parts of the models that are served in partitions: the latest two versions that were asked for of each,
/// so that questions of before a swap still find theirs. A version that is not there is loaded when it is asked for.
/// </summary>
public sealed class ItemShardSet : IDisposable
{
    private const int VersionsKept = 2;

    private readonly Lock _gate = new();
    private readonly Dictionary<string, List<Held>> _models = new(StringComparer.Ordinal);
    private readonly IBlobStore _blobs;
    private readonly string _folder;
    private readonly int _partition;
    private readonly int _partitions;
    private bool _disposed;

    /// <summary>A partition that has loaded nothing yet.</summary>
    public ItemShardSet(IBlobStore blobs, string folder, int partition, int partitions)
    {
        _blobs = blobs;
        _folder = folder;
        _partition = partition;
        _partitions = partitions;
    }

    /// <summary>Loads a version.</summary>
    public async Task PrepareAsync(string model, string version, CancellationToken cancellationToken = default)
    {
        var shard = await HoldAsync(model, version, cancellationToken).ConfigureAwait(false);
        shard.Release();
    }

    /// <inheritdoc cref="IItemShards.TopAsync"/>
    public Task<ScoredItem[]> TopAsync(string model, string version, ScoringRequest request, CancellationToken cancellationToken = default) =>
        AskAsync(model, version, s => s.Top(request), cancellationToken);

    /// <inheritdoc cref="IItemShards.FactorsAsync"/>
    public Task<float[]> FactorsAsync(string model, string version, int[] items, CancellationToken cancellationToken = default) =>
        AskAsync(model, version, s => s.Factors(items), cancellationToken);

    /// <inheritdoc cref="IItemShards.CosinesAsync"/>
    public Task<float[]> CosinesAsync(string model, string version, float[] factors, CancellationToken cancellationToken = default) =>
        AskAsync(model, version, s => s.Cosines(factors), cancellationToken);

    /// <inheritdoc cref="IItemShards.WeightsAsync"/>
    public Task<float[]> WeightsAsync(string model, string version, int[]? rows, int[] columns, CancellationToken cancellationToken = default) =>
        AskAsync(model, version, s => s.Weights(rows, columns), cancellationToken);

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (_gate)
        {
            _disposed = true;
            foreach (var held in _models.Values.SelectMany(m => m))
            {
                held.Drop();
            }

            _models.Clear();
        }
    }

    private async Task<T> AskAsync<T>(string model, string version, Func<ItemShard, T> question, CancellationToken cancellationToken)
    {
        var shard = await HoldAsync(model, version, cancellationToken).ConfigureAwait(false);
        try
        {
            return question(shard);
        }
        finally
        {
            shard.Release();
        }
    }

    private async Task<ItemShard> HoldAsync(string model, string version, CancellationToken cancellationToken)
    {
        while (true)
        {
            Held held;
            lock (_gate)
            {
                ObjectDisposedException.ThrowIf(_disposed, this);
                if (!_models.TryGetValue(model, out var versions))
                {
                    _models[model] = versions = [];
                }

                int at = versions.FindIndex(v => v.Version == version && !v.Loading.IsFaulted && !v.Loading.IsCanceled);
                if (at >= 0)
                {
                    held = versions[at];
                    versions.RemoveAt(at);
                }
                else
                {
                    versions.RemoveAll(v => v.Version == version);
                    held = new Held(version, Task.Run(() => LoadAsync(model, version), CancellationToken.None));
                }

                versions.Add(held);
                if (versions.Count > VersionsKept)
                {
                    versions[0].Drop();
                    versions.RemoveAt(0);
                }
            }

            var shard = await held.Loading.WaitAsync(cancellationToken).ConfigureAwait(false);

            // False where it was dropped between: then it is loaded again.
            if (shard.TryAcquire())
            {
                return shard;
            }
        }
    }

    private async Task<ItemShard> LoadAsync(string model, string version)
    {
        var tiles = await ModelBlobs.OpenTilesAsync(_blobs, model, version).ConfigureAwait(false);
        if (tiles is not null
            && ItemShard.Supports(tiles, (await ModelBlobs.ReadManifestAsync(_blobs, model, version).ConfigureAwait(false)).Facts.Algorithm))
        {
            return await ItemShard.LoadAsync(tiles, model, _partition, _partitions).ConfigureAwait(false);
        }

        using var stored = await ModelBlobs.OpenAsync(_blobs, model, version, _folder, OpenOptions.BesideServing).ConfigureAwait(false);
        return ItemShard.Load(stored, model, _partition, _partitions);
    }

    private sealed record Held(string Version, Task<ItemShard> Loading)
    {
        /// <summary>Lets go of the shard, also if it is still being loaded.</summary>
        public void Drop() => Loading.ContinueWith(
            t => t.Result.Release(), CancellationToken.None, TaskContinuationOptions.OnlyOnRanToCompletion, TaskScheduler.Default);
    }
}
