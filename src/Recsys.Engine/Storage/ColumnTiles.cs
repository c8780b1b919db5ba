using System.Buffers.Binary;
using System.Globalization;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using Recsys.Engine.Als;
using Recsys.Engine.Numerics;

namespace Recsys.Engine.Storage;

/// <summary>
/// An items × items matrix of a stored model as blobs from which a partition of the items can take its columns and nothing
/// else: tiles of some rows × the columns of one virtual block, <c>FILE/tiles/STRIP/BLOCK</c>. What else the file holds is in
/// <c>FILE/rest/PIECE</c>, so that the whole file can be put together again.
/// </summary>
/// <remarks>A tile: first row, rows, columns, CRC-32C of the values (int32, little-endian), values (float32) row by row.</remarks>
internal sealed class ColumnTiles
{
    private const int HeaderBytes = 16;
    private const int Together = 4;

    private readonly IBlobStore _store;
    private readonly string _prefix;
    private readonly TileIndex _index;
    private readonly int[] _order;
    private readonly int[] _starts;

    /// <summary>The tiles of an array.</summary>
    /// <param name="store">Where they are.</param>
    /// <param name="prefix">What the keys of the model's version start with.</param>
    /// <param name="index">Which array.</param>
    public ColumnTiles(IBlobStore store, string prefix, TileIndex index)
    {
        _store = store;
        _prefix = $"{prefix}{index.File}/";
        _index = index;
        _order = [.. Enumerable.Range(0, index.Blocks.Length).OrderBy(c => index.Blocks[c])]; // stable: ascending in each block
        _starts = new int[VirtualBlocks.Count + 1];
        foreach (byte block in index.Blocks)
        {
            _starts[block + 1]++;
        }

        for (int b = 0; b < VirtualBlocks.Count; b++)
        {
            _starts[b + 1] += _starts[b];
        }
    }

    /// <summary>The file that holds the array.</summary>
    public string File => _index.File;

    /// <summary>The array's name.</summary>
    public string Array => _index.Array;

    private int Size => _order.Length;

    private int Strips => (Size + _index.StripRows - 1) / _index.StripRows;

    private int RowBytes => Size * sizeof(float);

    /// <summary>Rows that are read and written at once: some megabytes.</summary>
    private int RowsAtOnce => Math.Max(1, ChunkedFile.ChunkBytes / RowBytes);

    /// <summary>Stores a file; what is there already is replaced. Returns its checksums.</summary>
    public async Task<ChunkedFile> SaveAsync(SafetensorsImage file, CancellationToken cancellationToken)
    {
        using var sums = new ChunkHasher();
        int piece = await SaveRestAsync(file, sums, 0, _index.Offset, cancellationToken).ConfigureAwait(false);
        byte[] rows = GC.AllocateUninitializedArray<byte>(RowsAtOnce * RowBytes);
        byte[][] tiles =
        [
            .. Enumerable.Range(0, VirtualBlocks.Count).Select(b =>
                GC.AllocateUninitializedArray<byte>(HeaderBytes + (Math.Min(_index.StripRows, Size) * Width(b) * sizeof(float)))),
        ];
        for (int strip = 0; strip < Strips; strip++)
        {
            int count = RowsOf(strip);
            for (int first = 0; first < count; first += RowsAtOnce)
            {
                int some = Math.Min(RowsAtOnce, count - first);
                Read(file, sums, rows.AsSpan(0, some * RowBytes));
                for (int r = 0; r < some; r++)
                {
                    Split(rows.AsSpan(r * RowBytes, RowBytes), first + r, tiles);
                }
            }

            await ForBlocksAsync(b => PutAsync(strip, b, tiles[b], cancellationToken), cancellationToken).ConfigureAwait(false);
        }

        await SaveRestAsync(file, sums, piece, file.Bytes, cancellationToken).ConfigureAwait(false);
        return sums.Finish();
    }

    /// <summary>Puts a file together.</summary>
    /// <exception cref="ModelFormatException">Something of it is missing or altered.</exception>
    public async Task FetchAsync(SafeFileHandle handle, ChunkedFile file, CancellationToken cancellationToken)
    {
        var sums = new ChunkSums(_prefix, file);
        int piece = await FetchRestAsync(handle, sums, 0, _index.Offset, cancellationToken).ConfigureAwait(false);
        byte[] rows = GC.AllocateUninitializedArray<byte>(RowsAtOnce * RowBytes);
        byte[][] tiles = new byte[VirtualBlocks.Count][];
        for (int strip = 0; strip < Strips; strip++)
        {
            await ForBlocksAsync(async b => tiles[b] = await GetAsync(strip, b, cancellationToken).ConfigureAwait(false), cancellationToken).ConfigureAwait(false);
            int count = RowsOf(strip);
            for (int first = 0; first < count; first += RowsAtOnce)
            {
                int some = Math.Min(RowsAtOnce, count - first);
                for (int r = 0; r < some; r++)
                {
                    Join(tiles, first + r, rows.AsSpan(r * RowBytes, RowBytes));
                }

                await WriteAsync(handle, sums, rows.AsMemory(0, some * RowBytes), cancellationToken).ConfigureAwait(false);
            }
        }

        await FetchRestAsync(handle, sums, piece, file.Bytes, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>
    /// The columns of some virtual blocks, in ascending order: which they are, and all rows of them. Reads their tiles only,
    /// each straight to its place.
    /// </summary>
    /// <exception cref="ModelFormatException">A tile is missing or altered.</exception>
    public async Task<(int[] Columns, DenseMatrix Values)> ReadColumnsAsync(int firstBlock, int endBlock, CancellationToken cancellationToken)
    {
        int[] columns = _order[_starts[firstBlock].._starts[endBlock]];
        System.Array.Sort(columns);
        int[] places = new int[Size];
        for (int c = 0; c < columns.Length; c++)
        {
            places[columns[c]] = c;
        }

        var values = new DenseMatrix(Size, columns.Length);
        try
        {
            var tiles = Enumerable.Range(0, Strips).SelectMany(s => Enumerable.Range(firstBlock, endBlock - firstBlock).Select(b => (s, b)));
            await Parallel.ForEachAsync(tiles.Where(t => Width(t.b) > 0), Options(cancellationToken), async (t, token) =>
            {
                byte[] tile = await GetAsync(t.s, t.b, token).ConfigureAwait(false);
                Scatter(tile, t.s, t.b, places, values);
            }).ConfigureAwait(false);
            return (columns, values);
        }
        catch
        {
            values.Dispose();
            throw;
        }
    }

    private static ParallelOptions Options(CancellationToken cancellationToken) =>
        new() { MaxDegreeOfParallelism = Together, CancellationToken = cancellationToken };

    private static Span<float> Floats(byte[] tile) => MemoryMarshal.Cast<byte, float>(tile.AsSpan(HeaderBytes));

    private Task ForBlocksAsync(Func<int, Task> each, CancellationToken cancellationToken) => Parallel.ForEachAsync(
        Enumerable.Range(0, VirtualBlocks.Count).Where(b => Width(b) > 0), Options(cancellationToken), (b, _) => new ValueTask(each(b)));

    private int Width(int block) => _starts[block + 1] - _starts[block];

    private int RowsOf(int strip) => Math.Min(_index.StripRows, Size - (strip * _index.StripRows));

    private string Key(int strip, int block) => string.Create(CultureInfo.InvariantCulture, $"{_prefix}tiles/{strip:D6}/{block:D2}");

    private string RestKey(int piece) => string.Create(CultureInfo.InvariantCulture, $"{_prefix}rest/{piece:D6}");

    private void Split(ReadOnlySpan<byte> bytes, int row, byte[][] tiles)
    {
        var values = MemoryMarshal.Cast<byte, float>(bytes);
        for (int b = 0; b < tiles.Length; b++)
        {
            var columns = _order.AsSpan(_starts[b], Width(b));
            var to = Floats(tiles[b]).Slice(row * columns.Length, columns.Length);
            for (int c = 0; c < columns.Length; c++)
            {
                to[c] = values[columns[c]];
            }
        }
    }

    private void Join(byte[][] tiles, int row, Span<byte> bytes)
    {
        var values = MemoryMarshal.Cast<byte, float>(bytes);
        for (int b = 0; b < tiles.Length; b++)
        {
            var columns = _order.AsSpan(_starts[b], Width(b));
            if (columns.Length > 0)
            {
                var from = Floats(tiles[b]).Slice(row * columns.Length, columns.Length);
                for (int c = 0; c < columns.Length; c++)
                {
                    values[columns[c]] = from[c];
                }
            }
        }
    }

    private void Scatter(byte[] tile, int strip, int block, int[] places, DenseMatrix values)
    {
        var columns = _order.AsSpan(_starts[block], Width(block));
        int[] to = new int[columns.Length];
        for (int c = 0; c < to.Length; c++)
        {
            to[c] = places[columns[c]];
        }

        var from = Floats(tile);
        int first = strip * _index.StripRows;
        for (int r = 0; r < RowsOf(strip); r++)
        {
            var row = values.Row(first + r);
            var some = from.Slice(r * to.Length, to.Length);
            for (int c = 0; c < to.Length; c++)
            {
                row[to[c]] = some[c];
            }
        }
    }

    private async Task PutAsync(int strip, int block, byte[] tile, CancellationToken cancellationToken)
    {
        int rows = RowsOf(strip);
        int length = HeaderBytes + (rows * Width(block) * sizeof(float));
        WriteHeader(tile, strip, block, Crc32C.Compute(tile.AsSpan(HeaderBytes, length - HeaderBytes)));
        await _store.PutAsync(Key(strip, block), tile.AsMemory(0, length), replace: true, cancellationToken).ConfigureAwait(false);
    }

    private async Task<byte[]> GetAsync(int strip, int block, CancellationToken cancellationToken)
    {
        string key = Key(strip, block);
        byte[] tile = await _store.GetAsync(key, cancellationToken).ConfigureAwait(false) ?? throw new ModelFormatException(key, "missing");
        byte[] header = new byte[HeaderBytes];
        if (tile.Length == HeaderBytes + (RowsOf(strip) * Width(block) * sizeof(float)))
        {
            WriteHeader(header, strip, block, Crc32C.Compute(tile.AsSpan(HeaderBytes)));
            if (tile.AsSpan(0, HeaderBytes).SequenceEqual(header))
            {
                return tile;
            }
        }

        throw new ModelFormatException(key, "altered: its place, size or checksum is another than it says");
    }

    private void WriteHeader(Span<byte> header, int strip, int block, uint sum)
    {
        BinaryPrimitives.WriteInt32LittleEndian(header, strip * _index.StripRows);
        BinaryPrimitives.WriteInt32LittleEndian(header[4..], RowsOf(strip));
        BinaryPrimitives.WriteInt32LittleEndian(header[8..], Width(block));
        BinaryPrimitives.WriteUInt32LittleEndian(header[12..], sum);
    }

    private async Task<int> SaveRestAsync(SafetensorsImage file, ChunkHasher sums, int piece, long end, CancellationToken cancellationToken)
    {
        while (file.Position < end)
        {
            byte[] bytes = new byte[Math.Min(ChunkedFile.ChunkBytes, end - file.Position)];
            Read(file, sums, bytes);
            await _store.PutAsync(RestKey(piece++), bytes, replace: true, cancellationToken).ConfigureAwait(false);
        }

        return piece;
    }

    private async Task<int> FetchRestAsync(SafeFileHandle handle, ChunkSums sums, int piece, long end, CancellationToken cancellationToken)
    {
        while (sums.Position < end)
        {
            string key = RestKey(piece++);
            byte[] bytes = await _store.GetAsync(key, cancellationToken).ConfigureAwait(false) ?? throw new ModelFormatException(key, "missing");
            if (bytes.Length == 0 || bytes.Length > end - sums.Position)
            {
                throw new ModelFormatException(key, "altered: its size is another one");
            }

            await WriteAsync(handle, sums, bytes, cancellationToken).ConfigureAwait(false);
        }

        return piece;
    }

    private static void Read(SafetensorsImage file, ChunkHasher sums, Span<byte> bytes)
    {
        file.Read(bytes);
        sums.Append(bytes);
    }

    private static async Task WriteAsync(SafeFileHandle handle, ChunkSums sums, ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        long at = sums.Position;
        sums.Append(bytes.Span);
        await RandomAccess.WriteAsync(handle, bytes, at, cancellationToken).ConfigureAwait(false);
    }
}
