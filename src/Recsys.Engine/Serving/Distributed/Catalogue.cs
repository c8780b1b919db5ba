using System.Text.Json;
using Recsys.Engine.Storage;

namespace Recsys.Engine.Serving.Distributed;

/// <summary>
/// What is known of items, as records in a blob store: any number of processes read along (<see cref="RefreshAsync"/>), and
/// whoever writes appends behind what it has read. Now and then all items are written anew and older records given up.
/// </summary>
public sealed class Catalogue : IItemWriter, IDisposable
{
    private const int RecordBytes = 8 << 20;
    private const int MostRecords = 64;

    private readonly BlobLog _log;
    private readonly SemaphoreSlim _gate = new(1);
    private long _number;

    /// <summary>A catalogue of which nothing is read yet.</summary>
    public Catalogue(IBlobStore blobs) => _log = new BlobLog(blobs, "serving/items");

    /// <summary>The items as of <see cref="Number"/>.</summary>
    public ItemStore Items { get; } = new();

    /// <summary>Number of the last record that is read; grows with each change.</summary>
    public long Number => Volatile.Read(ref _number);

    /// <summary>Reads what is new.</summary>
    /// <exception cref="RecsysException">A record is damaged.</exception>
    public async Task RefreshAsync(CancellationToken cancellationToken = default)
    {
        await _gate.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            await ReadAsync(cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <inheritdoc/>
    public async ValueTask UpsertAsync(IReadOnlyList<ItemUpdate> items, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(items);
        await AppendAsync(items.Select(ItemLines.Write), cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async ValueTask<bool> DeleteAsync(string item, CancellationToken cancellationToken = default)
    {
        await RefreshAsync(cancellationToken).ConfigureAwait(false);
        if (Items.IsDeleted(item))
        {
            return false;
        }

        await AppendAsync([ItemLines.WriteDeleted(item)], cancellationToken).ConfigureAwait(false);
        return true;
    }

    /// <inheritdoc/>
    public void Dispose() => _gate.Dispose();

    private static IEnumerable<byte[]> Records(IEnumerable<byte[]> lines)
    {
        using var record = new MemoryStream();
        foreach (byte[] line in lines)
        {
            if (record.Length > 0 && record.Length + line.Length >= RecordBytes)
            {
                yield return record.ToArray();
                record.SetLength(0);
            }

            record.Write(line);
            record.WriteByte((byte)'\n');
        }

        if (record.Length > 0)
        {
            yield return record.ToArray();
        }
    }

    private async Task AppendAsync(IEnumerable<byte[]> lines, CancellationToken cancellationToken)
    {
        await _gate.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            int records = await ReadAsync(cancellationToken).ConfigureAwait(false);
            foreach (byte[] record in Records(lines))
            {
                while (!await _log.TryAppendAsync(_number + 1, record, cancellationToken).ConfigureAwait(false))
                {
                    records = await ReadAsync(cancellationToken).ConfigureAwait(false);
                }

                Apply(_number + 1, record);
                records++;
            }

            if (records > MostRecords)
            {
                await RewriteAsync(cancellationToken).ConfigureAwait(false);
            }
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <summary>Writes all items behind the last record; what one appends meanwhile stands behind, or this gives up.</summary>
    private async Task RewriteAsync(CancellationToken cancellationToken)
    {
        long first = _number + 1;
        var lines = Items.All.Select(ItemLines.Write).Concat(Items.Unavailable.Where(Items.IsDeleted).Select(ItemLines.WriteDeleted)).ToList();
        foreach (byte[] record in Records(lines))
        {
            if (!await _log.TryAppendAsync(_number + 1, record, cancellationToken).ConfigureAwait(false))
            {
                return; // somebody else writes: the older records stay until the next time
            }

            Volatile.Write(ref _number, _number + 1);
        }

        await _log.DeleteBelowAsync(first, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Applies the records behind the last one read; returns how many records there are.</summary>
    private async Task<int> ReadAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            var numbers = await _log.NumbersAsync(cancellationToken).ConfigureAwait(false);
            bool whole = true;
            foreach (long number in numbers.Where(n => n > _number))
            {
                if (await _log.GetAsync(number, cancellationToken).ConfigureAwait(false) is not { } record)
                {
                    whole = false; // rewritten and deleted meanwhile: all items stand in later ones
                    break;
                }

                Apply(number, record);
            }

            if (whole)
            {
                return numbers.Count;
            }
        }
    }

    private void Apply(long number, byte[] record)
    {
        try
        {
            for (int at = 0; record.AsSpan(at).IndexOf((byte)'\n') is >= 0 and int length; at += length + 1)
            {
                ItemLines.Apply(Items, record.AsSpan(at, length));
            }
        }
        catch (JsonException e)
        {
            throw new RecsysException($"items: record {number} in the blob store is damaged", e);
        }

        Volatile.Write(ref _number, number);
    }
}
