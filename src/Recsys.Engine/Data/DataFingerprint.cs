using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Recsys.Engine.Data;

/// <summary>
/// A hash of users, items and interactions that does not depend on the order in which they were read, on the indices
/// they got, nor on the layout of the file: the same data under the same ids has the same fingerprint.
/// </summary>
/// <remarks>
/// SHA-256 of, little-endian: the text "recsys-data-1"; the numbers of users, items and interactions (int64); the item
/// ids in the order of their bytes, each as its length (int32) and its UTF-8; then the users in the order of their
/// bytes: the id likewise, the number of its items (int32), and for each of these in the order above its rank there
/// (int32) and the weight (float32; 1 where the matrix has none).
/// </remarks>
internal static class DataFingerprint
{
    private const int BufferBytes = 1 << 16;

    public static string Compute(IdTable users, IdTable items, SparseMatrix interactions)
    {
        using var sha = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var sink = new Sink(sha);
        sink.Bytes("recsys-data-1"u8);
        sink.Long(users.Count);
        sink.Long(items.Count);
        sink.Long(interactions.Count);
        int[] itemOrder = Order(items);
        var rank = new int[items.Count];
        for (int r = 0; r < itemOrder.Length; r++)
        {
            rank[itemOrder[r]] = r;
            sink.Id(items.Utf8(itemOrder[r]));
        }

        ulong[] row = [];
        foreach (int user in Order(users))
        {
            var columns = interactions.Row(user);
            var values = interactions.RowValues(user);
            if (row.Length < columns.Length)
            {
                row = new ulong[Math.Max(columns.Length, 2 * row.Length)];
            }

            for (int e = 0; e < columns.Length; e++)
            {
                uint value = BitConverter.SingleToUInt32Bits(values.IsEmpty ? 1 : values[e]);
                row[e] = ((ulong)(uint)rank[columns[e]] << 32) | value;
            }

            var sorted = row.AsSpan(0, columns.Length);
            sorted.Sort();
            sink.Id(users.Utf8(user));
            sink.Int(sorted.Length);
            foreach (ulong element in sorted)
            {
                sink.Int((int)(element >> 32));
                sink.Int((int)(uint)element);
            }
        }

        sink.Flush();
        return Convert.ToHexStringLower(sha.GetHashAndReset());
    }

    /// <summary>Indices by the bytes of their ids.</summary>
    private static int[] Order(IdTable ids)
    {
        var order = new int[ids.Count];
        for (int i = 0; i < order.Length; i++)
        {
            order[i] = i;
        }

        Array.Sort(order, (a, b) => ids.Utf8(a).SequenceCompareTo(ids.Utf8(b)));
        return order;
    }

    private sealed class Sink(IncrementalHash sha)
    {
        private readonly byte[] _buffer = new byte[BufferBytes];
        private int _used;

        public void Id(ReadOnlySpan<byte> utf8)
        {
            Int(utf8.Length);
            Bytes(utf8);
        }

        public void Int(int value)
        {
            BinaryPrimitives.WriteInt32LittleEndian(Space(sizeof(int)), value);
            _used += sizeof(int);
        }

        public void Long(long value)
        {
            BinaryPrimitives.WriteInt64LittleEndian(Space(sizeof(long)), value);
            _used += sizeof(long);
        }

        public void Bytes(ReadOnlySpan<byte> bytes)
        {
            if (bytes.Length > BufferBytes)
            {
                Flush();
                sha.AppendData(bytes);
                return;
            }

            bytes.CopyTo(Space(bytes.Length));
            _used += bytes.Length;
        }

        public void Flush()
        {
            sha.AppendData(_buffer, 0, _used);
            _used = 0;
        }

        private Span<byte> Space(int bytes)
        {
            if (_used + bytes > BufferBytes)
            {
                Flush();
            }

            return _buffer.AsSpan(_used);
        }
    }
}
