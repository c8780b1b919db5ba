namespace Recsys.Engine.Storage;

/// <summary>
/// Named blobs of bytes that every process of a cluster reaches: data sets by virtual block, checkpoints, models. A blob
/// is there whole or not at all, and once it is there its bytes do not change until it is deleted: who writes a key again
/// is expected to write the same bytes, and unless it says otherwise finds that the first writer's stay. Safe for
/// concurrent use.
/// </summary>
/// <remarks>
/// A key is segments of ASCII letters, digits, '-', '_' and '.', joined by '/': <c>data/ml-1m/users/07</c>
/// (<see cref="BlobKey"/>). Larger things are cut into blobs of at most <see cref="BlobKey.MaxBytes"/>.
/// </remarks>
public interface IBlobStore
{
    /// <summary>
    /// Stores a blob durably. Returns false, and leaves the bytes that are there, when the key exists and
    /// <paramref name="replace"/> is false: of several writers of a key exactly one is told true.
    /// </summary>
    /// <param name="key">Its name.</param>
    /// <param name="bytes">At most <see cref="BlobKey.MaxBytes"/>; not to be changed until the call returns.</param>
    /// <param name="replace">Replace a blob of that name, in one step.</param>
    /// <param name="cancellationToken">Ends the call; the blob is there whole or not at all.</param>
    /// <exception cref="RecsysException">The key is none, or there are too many bytes.</exception>
    ValueTask<bool> PutAsync(
        string key, ReadOnlyMemory<byte> bytes, bool replace = false, CancellationToken cancellationToken = default);

    /// <summary>The bytes of a blob, or null when there is none of that name. The caller must not change them.</summary>
    ValueTask<byte[]?> GetAsync(string key, CancellationToken cancellationToken = default);

    /// <summary>The bytes of several blobs, each as <see cref="GetAsync"/> gives them, in the order of the keys. All are in memory together.</summary>
    async ValueTask<IReadOnlyList<byte[]?>> GetAllAsync(IReadOnlyList<string> keys, CancellationToken cancellationToken = default)
    {
        var blobs = new byte[]?[keys.Count];
        for (int i = 0; i < blobs.Length; i++)
        {
            blobs[i] = await GetAsync(keys[i], cancellationToken).ConfigureAwait(false);
        }

        return blobs;
    }

    /// <summary>The keys that start with <paramref name="prefix"/>, in ordinal order; "" for all.</summary>
    ValueTask<IReadOnlyList<string>> ListAsync(string prefix, CancellationToken cancellationToken = default);

    /// <summary>
    /// Deletes every blob whose key starts with <paramref name="prefix"/> (not empty); returns when they are gone. Blobs
    /// written meanwhile may stay.
    /// </summary>
    ValueTask DeleteAsync(string prefix, CancellationToken cancellationToken = default);
}
