using System.Security.Cryptography;

namespace Recsys.Engine.Storage;

/// <summary>Makes the checksums of a file of the bytes that pass by in order: what <see cref="ChunkSums"/> checks later.</summary>
internal sealed class ChunkHasher : IDisposable
{
    private readonly IncrementalHash _sha = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private readonly List<uint> _sums = [];
    private long _position;
    private uint _sum;

    /// <summary>The next bytes.</summary>
    public void Append(ReadOnlySpan<byte> bytes)
    {
        _sha.AppendData(bytes);
        while (bytes.Length > 0)
        {
            int length = (int)Math.Min(bytes.Length, ChunkedFile.ChunkBytes - (_position % ChunkedFile.ChunkBytes));
            _sum = Crc32C.Append(_sum, bytes[..length]);
            _position += length;
            bytes = bytes[length..];
            if (_position % ChunkedFile.ChunkBytes == 0)
            {
                EndChunk();
            }
        }
    }

    /// <summary>The checksums of all that has passed.</summary>
    public ChunkedFile Finish()
    {
        if (_position % ChunkedFile.ChunkBytes != 0)
        {
            EndChunk();
        }

        return new ChunkedFile(_position, Convert.ToHexStringLower(_sha.GetHashAndReset()), _sums);
    }

    public void Dispose() => _sha.Dispose();

    private void EndChunk()
    {
        _sums.Add(_sum);
        _sum = 0;
    }
}
