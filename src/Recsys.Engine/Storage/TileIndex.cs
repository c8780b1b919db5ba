using System.Buffers.Binary;
using System.Text.Json;
using Recsys.Engine.Als;
using Recsys.Engine.Data;

namespace Recsys.Engine.Storage;

/// <summary>Which array of a model lies in a blob store by columns, and which columns belong together (<see cref="ColumnTiles"/>).</summary>
/// <param name="File">The model's file that holds it.</param>
/// <param name="Array">Its name.</param>
/// <param name="Offset">Byte of the file where it starts.</param>
/// <param name="StripRows">Rows of a tile; of the last ones fewer.</param>
/// <param name="Blocks">The virtual block of each column's item.</param>
internal sealed record TileIndex(string File, string Array, long Offset, int StripRows, byte[] Blocks)
{
    /// <summary>Most bytes of values in a tile, unless one row has more.</summary>
    public const int TileBytes = 2 << 20;

    private const int SumBytes = sizeof(uint);

    /// <summary>Bytes of the array: it has as many rows as columns.</summary>
    public long Bytes => (long)Blocks.Length * Blocks.Length * sizeof(float);

    /// <summary>The index of a model's one items × items matrix of float32, if it has one of at least <paramref name="leastBytes"/>.</summary>
    public static TileIndex? Of(IReadOnlyList<TensorInfo> arrays, IdTable items, long leastBytes)
    {
        int n = items.Count;
        TensorInfo[] square = [.. arrays.Where(t => t.Type == TensorType.F32 && t.Shape is [var rows, var columns] && rows == n && columns == n)];
        return square is [var tensor] && tensor.Bytes >= leastBytes
            ? Of(ModelFiles.ArraysFile, tensor.Name, tensor.Offset, items)
            : null;
    }

    /// <summary>Reads what <see cref="ToBytes"/> wrote.</summary>
    /// <exception cref="ModelFormatException">It is damaged.</exception>
    public static TileIndex Parse(ReadOnlySpan<byte> bytes, string key)
    {
        if (bytes.Length > SumBytes && Crc32C.Compute(bytes[SumBytes..]) == BinaryPrimitives.ReadUInt32LittleEndian(bytes))
        {
            return JsonSerializer.Deserialize<TileIndex>(bytes[SumBytes..])!;
        }

        throw new ModelFormatException(key, "altered: its checksum is another than it says");
    }

    /// <summary>CRC-32C of the rest (uint32, little-endian), and JSON.</summary>
    public byte[] ToBytes()
    {
        byte[] json = JsonSerializer.SerializeToUtf8Bytes(this);
        byte[] bytes = new byte[SumBytes + json.Length];
        json.CopyTo(bytes, SumBytes);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, Crc32C.Compute(json));
        return bytes;
    }

    private static TileIndex Of(string file, string array, long offset, IdTable items)
    {
        byte[] blocks = new byte[items.Count];
        int[] counts = new int[VirtualBlocks.Count];
        for (int i = 0; i < blocks.Length; i++)
        {
            blocks[i] = (byte)VirtualBlocks.BlockOf(VirtualBlocks.Hash(items.Utf8(i)));
            counts[blocks[i]]++;
        }

        return new TileIndex(file, array, offset, Math.Max(1, TileBytes / (sizeof(float) * Math.Max(1, counts.Max()))), blocks);
    }
}
