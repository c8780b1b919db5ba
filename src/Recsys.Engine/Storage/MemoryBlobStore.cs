using System.Collections.Concurrent;

namespace Recsys.Engine.Storage;

/// <summary>Blobs in this process's memory, for tests and clusters within one process.</summary>
public sealed class MemoryBlobStore : IBlobStore
{
    private readonly ConcurrentDictionary<string, byte[]> _blobs = new(StringComparer.Ordinal);

    /// <summary>Bytes of all blobs.</summary>
    public long Bytes => _blobs.Values.Sum(b => (long)b.Length);

    /// <inheritdoc/>
    public ValueTask<bool> PutAsync(
        string key, ReadOnlyMemory<byte> bytes, bool replace = false, CancellationToken cancellationToken = default)
    {
        BlobKey.Check(key, bytes.Length);
        cancellationToken.ThrowIfCancellationRequested();
        byte[] copy = bytes.ToArray();
        if (replace)
        {
            _blobs[key] = copy;
            return ValueTask.FromResult(true);
        }

        return ValueTask.FromResult(_blobs.TryAdd(key, copy));
    }

    /// <inheritdoc/>
    public ValueTask<byte[]?> GetAsync(string key, CancellationToken cancellationToken = default)
    {
        BlobKey.Check(key);
        cancellationToken.ThrowIfCancellationRequested();
        return ValueTask.FromResult(_blobs.GetValueOrDefault(key));
    }

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<string>> ListAsync(string prefix, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return ValueTask.FromResult<IReadOnlyList<string>>(
            [.. _blobs.Keys.Where(k => k.StartsWith(prefix, StringComparison.Ordinal)).Order(StringComparer.Ordinal)]);
    }

    /// <inheritdoc/>
    public ValueTask DeleteAsync(string prefix, CancellationToken cancellationToken = default)
    {
        BlobKey.CheckPrefix(prefix);
        foreach (string key in _blobs.Keys.Where(k => k.StartsWith(prefix, StringComparison.Ordinal)))
        {
            _blobs.TryRemove(key, out _);
        }

        return ValueTask.CompletedTask;
    }
}
