namespace Recsys.Engine.Storage;

/// <summary>What the manifest says of a file: size, SHA-256, and the CRC-32C of each chunk.</summary>
internal sealed record ChunkedFile(long Bytes, string Sha256, IReadOnlyList<uint> Crc32C)
{
    /// <summary>
    /// Bytes a chunk: small enough to stay in the cache between reading, checking and copying; large enough that the
    /// checksums of an n×n matrix of 41,000² floats are a few kilobytes of manifest.
    /// </summary>
    public const int ChunkBytes = 4 << 20;

    /// <summary>Number of chunks of a file of <paramref name="bytes"/>.</summary>
    public static long Chunks(long bytes) => (bytes + ChunkBytes - 1) / ChunkBytes;
}
