using System.Globalization;

namespace Recsys.Engine.Storage;

/// <summary>
/// Numbered records in a blob store, for what changes seldom and must not be lost: one of several who append the same
/// number succeeds, so that whoever decided on something out of date finds out.
/// </summary>
/// <param name="store">Where they are.</param>
/// <param name="prefix">Prefix of their keys, without the last '/'.</param>
public sealed class BlobLog(IBlobStore store, string prefix)
{
    /// <summary>Numbers of the records there are, ascending.</summary>
    public async Task<IReadOnlyList<long>> NumbersAsync(CancellationToken cancellationToken = default)
    {
        var keys = await store.ListAsync(prefix + "/", cancellationToken).ConfigureAwait(false);
        return [.. keys.Select(k => long.Parse(k.AsSpan(prefix.Length + 1), NumberStyles.None, CultureInfo.InvariantCulture)).Order()];
    }

    /// <summary>A record, or null where it was deleted.</summary>
    public ValueTask<byte[]?> GetAsync(long number, CancellationToken cancellationToken = default) =>
        store.GetAsync(Key(number), cancellationToken);

    /// <summary>Appends the record of a number; false where there is one already.</summary>
    public ValueTask<bool> TryAppendAsync(long number, ReadOnlyMemory<byte> record, CancellationToken cancellationToken = default) =>
        store.PutAsync(Key(number), record, replace: false, cancellationToken);

    /// <summary>Deletes the records below a number.</summary>
    public async Task DeleteBelowAsync(long number, CancellationToken cancellationToken = default)
    {
        foreach (long old in (await NumbersAsync(cancellationToken).ConfigureAwait(false)).Where(n => n < number))
        {
            await store.DeleteAsync(Key(old), cancellationToken).ConfigureAwait(false);
        }
    }

    private string Key(long number) => string.Create(CultureInfo.InvariantCulture, $"{prefix}/{number:D12}");
}
