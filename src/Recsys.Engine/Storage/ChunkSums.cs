namespace Recsys.Engine.Storage;

/// <summary>Checks the bytes of a file, as they pass by in order, against the checksums of its chunks.</summary>
/// <param name="file">Its name, for errors.</param>
/// <param name="expected">What the manifest says of it.</param>
internal sealed class ChunkSums(string file, ChunkedFile expected)
{
    private uint _sum;

    /// <summary>Bytes that have passed.</summary>
    public long Position { get; private set; }

    /// <summary>The next bytes.</summary>
    /// <exception cref="ModelFormatException">They end a chunk whose checksum is another one, or are too many.</exception>
    public void Append(ReadOnlySpan<byte> bytes)
    {
        while (bytes.Length > 0)
        {
            long chunk = Position / ChunkedFile.ChunkBytes;
            long end = Math.Min((chunk + 1) * ChunkedFile.ChunkBytes, expected.Bytes);
            if (Position >= end)
            {
                throw new ModelFormatException(file, $"altered: more than {expected.Bytes} bytes");
            }

            int length = (int)Math.Min(bytes.Length, end - Position);
            _sum = Crc32C.Append(_sum, bytes[..length]);
            Position += length;
            bytes = bytes[length..];
            if (Position == end)
            {
                if (_sum != expected.Crc32C[(int)chunk])
                {
                    throw new ModelFormatException(
                        file, $"altered: the checksum of the {ChunkedFile.ChunkBytes >> 20} MB at byte {chunk * ChunkedFile.ChunkBytes} does not match the manifest");
                }

                _sum = 0;
            }
        }
    }
}
