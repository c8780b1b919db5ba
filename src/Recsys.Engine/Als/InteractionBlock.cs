using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;
using Recsys.Engine.Storage;

namespace Recsys.Engine.Als;

/// <summary>
/// The rows of one virtual block of one side of a data set, as they are stored: in the order of training (<see cref="RowOrder"/>); the
/// columns of a row are codes of rows of the other side (block in the upper 6 bits, place in the block below), ascending.
/// </summary>
/// <remarks>
/// Stored as: "RBL1", block, rows (int32), entries (int64), 1 where there are weights else 0 (int32); indices in the data
/// set's order (int32, rows), row starts (int64, rows + 1), id starts (int32, rows + 1), codes (uint32, entries), weights
/// (float32, entries or none), ids (UTF-8); CRC-32C of all before (uint32). Little-endian.
/// </remarks>
public sealed class InteractionBlock
{
    private const uint Magic = 0x314C4252; // RBL1
    private const int HeaderBytes = 24;

    private readonly byte[] _ids;
    private readonly int[] _idStarts;
    private readonly long[] _rowStarts;
    private readonly uint[] _columns;
    private readonly float[]? _weights;

    internal InteractionBlock(
        int block, int[] indices, byte[] ids, int[] idStarts, long[] rowStarts, uint[] columns, float[]? weights)
    {
        Block = block;
        Indices = indices;
        _ids = ids;
        _idStarts = idStarts;
        _rowStarts = rowStarts;
        _columns = columns;
        _weights = weights;
    }

    /// <summary>The virtual block.</summary>
    public int Block { get; }

    /// <summary>Number of rows.</summary>
    public int Rows => Indices.Length;

    /// <summary>Whether interactions carry weights; otherwise all are 1.</summary>
    public bool HasWeights => _weights is not null;

    /// <summary>Each row's place in the data set's own order.</summary>
    internal int[] Indices { get; }

    /// <summary>All codes, row by row.</summary>
    internal ReadOnlySpan<uint> Columns => _columns;

    /// <summary>The id of a row.</summary>
    public string Id(int row) => Encoding.UTF8.GetString(Utf8(row));

    /// <summary>The id of a row as UTF-8.</summary>
    internal ReadOnlySpan<byte> Utf8(int row) => _ids.AsSpan(_idStarts[row], _idStarts[row + 1] - _idStarts[row]);

    /// <summary>The codes of a row.</summary>
    internal ReadOnlySpan<uint> Row(int row) => _columns.AsSpan((int)_rowStarts[row], (int)(_rowStarts[row + 1] - _rowStarts[row]));

    /// <summary>The weights of a row; empty where all are 1.</summary>
    internal ReadOnlySpan<float> Weights(int row) =>
        _weights is null ? default : _weights.AsSpan((int)_rowStarts[row], (int)(_rowStarts[row + 1] - _rowStarts[row]));

    /// <summary>Bytes of the stored form.</summary>
    internal long StoredBytes =>
        HeaderBytes + (4L * Rows) + (8L * (Rows + 1)) + (4L * (Rows + 1)) + (_columns.LongLength * (HasWeights ? 8 : 4)) + _ids.Length + 4;

    /// <summary>The stored form.</summary>
    internal byte[] ToBytes()
    {
        var bytes = new byte[StoredBytes];
        var to = bytes.AsSpan();
        BinaryPrimitives.WriteUInt32LittleEndian(to, Magic);
        BinaryPrimitives.WriteInt32LittleEndian(to[4..], Block);
        BinaryPrimitives.WriteInt32LittleEndian(to[8..], Rows);
        BinaryPrimitives.WriteInt64LittleEndian(to[12..], _columns.LongLength);
        BinaryPrimitives.WriteInt32LittleEndian(to[20..], HasWeights ? 1 : 0);
        to = to[HeaderBytes..];
        Write<int>(ref to, Indices);
        Write<long>(ref to, _rowStarts);
        Write<int>(ref to, _idStarts);
        Write<uint>(ref to, _columns);
        Write<float>(ref to, _weights);
        Write<byte>(ref to, _ids);
        BinaryPrimitives.WriteUInt32LittleEndian(to, Crc32C.Compute(bytes.AsSpan(0, bytes.Length - 4)));
        return bytes;
    }

    /// <summary>Reads the stored form.</summary>
    /// <param name="bytes">It.</param>
    /// <param name="name">Its name, for errors.</param>
    /// <exception cref="RecsysException">It is not a block.</exception>
    internal static InteractionBlock Parse(ReadOnlySpan<byte> bytes, string name)
    {
        if (bytes.Length < HeaderBytes + 4 || BinaryPrimitives.ReadUInt32LittleEndian(bytes) != Magic
            || BinaryPrimitives.ReadUInt32LittleEndian(bytes[^4..]) != Crc32C.Compute(bytes[..^4]))
        {
            throw new RecsysException($"{name}: altered or not a block of a data set");
        }

        int block = BinaryPrimitives.ReadInt32LittleEndian(bytes[4..]);
        int rows = BinaryPrimitives.ReadInt32LittleEndian(bytes[8..]);
        long entries = BinaryPrimitives.ReadInt64LittleEndian(bytes[12..]);
        bool weighted = BinaryPrimitives.ReadInt32LittleEndian(bytes[20..]) != 0;
        var from = bytes[HeaderBytes..^4];
        int[] indices = Read<int>(ref from, rows, name);
        long[] rowStarts = Read<long>(ref from, rows + 1, name);
        int[] idStarts = Read<int>(ref from, rows + 1, name);
        uint[] columns = Read<uint>(ref from, checked((int)entries), name);
        float[]? weights = weighted ? Read<float>(ref from, checked((int)entries), name) : null;
        return new InteractionBlock(block, indices, from.ToArray(), idStarts, rowStarts, columns, weights);
    }

    private static void Write<T>(ref Span<byte> to, ReadOnlySpan<T> values)
        where T : unmanaged
    {
        var bytes = MemoryMarshal.AsBytes(values);
        bytes.CopyTo(to);
        to = to[bytes.Length..];
    }

    private static T[] Read<T>(ref ReadOnlySpan<byte> from, int count, string name)
        where T : unmanaged
    {
        var values = new T[count];
        var bytes = MemoryMarshal.AsBytes(values.AsSpan());
        if (bytes.Length > from.Length)
        {
            throw new RecsysException($"{name}: altered or not a block of a data set");
        }

        from[..bytes.Length].CopyTo(bytes);
        from = from[bytes.Length..];
        return values;
    }
}
