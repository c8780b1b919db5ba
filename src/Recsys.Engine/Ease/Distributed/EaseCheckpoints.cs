using System.Buffers;
using System.Buffers.Binary;
using System.Globalization;
using System.Runtime.InteropServices;
using Recsys.Engine.Storage;

namespace Recsys.Engine.Ease.Distributed;

/// <summary>
/// Where the blocks of one training's partitions are kept while it runs, so that one that is lost need not begin anew: in
/// any store of blobs that all hosts reach. A checkpoint is there for readers when it is complete. As its bytes follow from
/// the data, what is there already is not written again.
/// </summary>
/// <remarks>
/// Blobs <c>pieces/0003/00000120/000007</c>: first row, rows, columns, CRC-32C of the values (int32, little-endian), values
/// (float32); <c>complete/0003/00000120</c>: the number of pieces (int32).
/// </remarks>
public sealed class EaseCheckpoints
{
    private const int HeaderBytes = 16;
    private readonly IBlobStore _store;
    private readonly string _prefix;

    /// <summary>Checkpoints in a store.</summary>
    /// <param name="store">The store.</param>
    /// <param name="prefix">What their keys start with, e.g. "training/7f3a/ease/": another for each training.</param>
    public EaseCheckpoints(IBlobStore store, string prefix)
    {
        ArgumentNullException.ThrowIfNull(store);
        _store = store;
        _prefix = prefix;
    }

    /// <summary>Writes piece number <paramref name="piece"/>, from 0, of a partition's checkpoint after so many pivots.</summary>
    public async Task SaveAsync(int partition, int pivots, int piece, PanelBlock block, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(block);
        int length = HeaderBytes + (int)block.Bytes;
        byte[] bytes = ArrayPool<byte>.Shared.Rent(length);
        try
        {
            block.CopyTo(bytes.AsSpan(HeaderBytes));
            BinaryPrimitives.WriteInt32LittleEndian(bytes, block.First);
            BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(4), block.Rows);
            BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(8), block.Columns);
            BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(12), Crc32C.Compute(bytes.AsSpan(HeaderBytes, length - HeaderBytes)));
            await _store.PutAsync(Key(partition, pivots, piece), bytes.AsMemory(0, length), cancellationToken: cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(bytes);
        }
    }

    /// <summary>Makes a checkpoint of so many pieces complete.</summary>
    public async Task CompleteAsync(int partition, int pivots, int pieces, CancellationToken cancellationToken)
    {
        byte[] bytes = new byte[sizeof(int)];
        BinaryPrimitives.WriteInt32LittleEndian(bytes, pieces);
        await _store.PutAsync(Complete(partition) + Name(pivots), bytes, cancellationToken: cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Reads a piece of a complete checkpoint.</summary>
    /// <exception cref="RecsysException">There is none such, or it is damaged.</exception>
    public async Task<PanelBlock> LoadAsync(int partition, int pivots, int piece, CancellationToken cancellationToken)
    {
        string key = Key(partition, pivots, piece);
        byte[] bytes = await _store.GetAsync(key, cancellationToken).ConfigureAwait(false)
            ?? throw new RecsysException($"{key}: there is no such piece of a checkpoint");
        if (bytes.Length >= HeaderBytes)
        {
            var values = bytes.AsSpan(HeaderBytes);
            int rows = BinaryPrimitives.ReadInt32LittleEndian(bytes.AsSpan(4));
            int columns = BinaryPrimitives.ReadInt32LittleEndian(bytes.AsSpan(8));
            PanelBlock.Guard(rows, columns);
            if (values.Length == rows * columns * sizeof(float)
                && Crc32C.Compute(values) == BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(12)))
            {
                return PanelBlock.Copy(BinaryPrimitives.ReadInt32LittleEndian(bytes), rows, columns, MemoryMarshal.Cast<byte, float>(values));
            }
        }

        throw new RecsysException($"{key}: damaged: its length or checksum is another than it says");
    }

    /// <summary>The complete checkpoints of a partition, ascending numbers of pivots.</summary>
    public async Task<IReadOnlyList<int>> ListAsync(int partition, CancellationToken cancellationToken)
    {
        string prefix = Complete(partition);
        var keys = await _store.ListAsync(prefix, cancellationToken).ConfigureAwait(false);
        return [.. keys.Select(k => int.Parse(k.AsSpan(prefix.Length), CultureInfo.InvariantCulture)).Order()];
    }

    /// <summary>Deletes checkpoints of a partition of fewer than <paramref name="pivots"/> pivots, complete or not.</summary>
    public async Task DeleteAsync(int partition, int pivots, CancellationToken cancellationToken)
    {
        // First what makes it complete.
        foreach (int old in (await ListAsync(partition, cancellationToken).ConfigureAwait(false)).Where(c => c < pivots))
        {
            await _store.DeleteAsync(Complete(partition) + Name(old), cancellationToken).ConfigureAwait(false);
        }

        string prefix = Pieces(partition);
        var keys = await _store.ListAsync(prefix, cancellationToken).ConfigureAwait(false);
        foreach (string name in keys.Select(k => k.Substring(prefix.Length, 8)).Distinct())
        {
            if (int.Parse(name, CultureInfo.InvariantCulture) < pivots)
            {
                await _store.DeleteAsync(prefix + name, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    private static string Name(int number) => number.ToString("D8", CultureInfo.InvariantCulture);

    private string Complete(int partition) => string.Create(CultureInfo.InvariantCulture, $"{_prefix}complete/{partition:D4}/");

    private string Pieces(int partition) => string.Create(CultureInfo.InvariantCulture, $"{_prefix}pieces/{partition:D4}/");

    private string Key(int partition, int pivots, int piece) => string.Create(CultureInfo.InvariantCulture, $"{Pieces(partition)}{pivots:D8}/{piece:D6}");
}
