using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Recsys.Engine.Data;

namespace Recsys.Engine.Storage;

/// <summary>A hash of what a model is trained on, the same on every machine for the same ids and interactions in the same order.</summary>
public static class DatasetFingerprint
{
    /// <summary>
    /// SHA-256, lower-case hexadecimal, of: the numbers of users, items and interactions; every user id and item id,
    /// each with its length before it; row offsets, columns and, where there are any, values (little-endian).
    /// </summary>
    public static string Compute(IdTable users, IdTable items, SparseMatrix interactions)
    {
        using var sha = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        sha.AppendData(MemoryMarshal.AsBytes<long>([users.Count, items.Count, interactions.Count, interactions.HasValues ? 1 : 0]));
        Append(sha, users);
        Append(sha, items);
        Append(sha, interactions.Offsets);
        Append(sha, interactions.AllColumns);
        Append(sha, interactions.AllValues);
        return Convert.ToHexStringLower(sha.GetHashAndReset());
    }

    private static void Append(IncrementalHash sha, IdTable ids)
    {
        var buffer = new MemoryStream();
        for (int i = 0; i < ids.Count; i++)
        {
            var id = ids.Utf8(i);
            buffer.Write(BitConverter.GetBytes(id.Length));
            buffer.Write(id);
            if (buffer.Length > 1 << 16 || i == ids.Count - 1)
            {
                sha.AppendData(buffer.GetBuffer(), 0, (int)buffer.Length);
                buffer.SetLength(0);
            }
        }
    }

    private static void Append<T>(IncrementalHash sha, ReadOnlySpan<T> values)
        where T : unmanaged
    {
        const int Block = 1 << 20; // elements: their bytes must fit an int
        for (int i = 0; i < values.Length; i += Block)
        {
            sha.AppendData(MemoryMarshal.AsBytes(values.Slice(i, Math.Min(Block, values.Length - i))));
        }
    }
}
