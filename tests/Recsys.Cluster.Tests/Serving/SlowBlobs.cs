using Recsys.Engine.Storage;

namespace Recsys.Cluster.Tests.Serving;

/// <summary>Blobs in memory whose reading can be held up: a model that takes its time to load.</summary>
internal sealed class SlowBlobs : IBlobStore
{
    private readonly MemoryBlobStore _store = new();
    private volatile TaskCompletionSource? _held;
    private volatile string _prefix = "";

    /// <summary>The same blobs, never held up.</summary>
    public IBlobStore Unheld => _store;

    /// <summary>Holds up everything read under a prefix until <see cref="Release"/>.</summary>
    public void Hold(string prefix)
    {
        _prefix = prefix;
        _held = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
    }

    public void Release()
    {
        _held?.SetResult();
        _held = null;
    }

    public async ValueTask<byte[]?> GetAsync(string key, CancellationToken cancellationToken = default)
    {
        if (_held is { } held && key.StartsWith(_prefix, StringComparison.Ordinal))
        {
            await held.Task.WaitAsync(cancellationToken);
        }

        return await _store.GetAsync(key, cancellationToken);
    }

    public ValueTask<bool> PutAsync(string key, ReadOnlyMemory<byte> bytes, bool replace = false, CancellationToken cancellationToken = default) =>
        _store.PutAsync(key, bytes, replace, cancellationToken);

    public ValueTask<IReadOnlyList<string>> ListAsync(string prefix, CancellationToken cancellationToken = default) => _store.ListAsync(prefix, cancellationToken);

    public ValueTask DeleteAsync(string prefix, CancellationToken cancellationToken = default) => _store.DeleteAsync(prefix, cancellationToken);
}
