using System.Buffers;
using System.Security.Cryptography;
using Microsoft.Win32.SafeHandles;
using Recsys.Engine.Compute;
using Recsys.Engine.Numerics;

namespace Recsys.Engine.Storage;

/// <summary>
/// A safetensors file opened for reading against what the manifest says of it. Every chunk's CRC-32C is checked
/// before a byte of it is handed out; chunks are read in parallel.
/// </summary>
internal sealed unsafe class SafetensorsFile : IDisposable
{
    private readonly string _path;
    private readonly SafeFileHandle _file;
    private readonly ChunkedFile _expected;
    private readonly int _threads;
    private readonly bool[] _verified;

    /// <exception cref="ModelFormatException">The file is missing, of another size, altered, or no safetensors file.</exception>
    public SafetensorsFile(string path, ChunkedFile expected, int threads)
    {
        _path = path;
        _expected = expected;
        _threads = threads == 0 ? Environment.ProcessorCount : threads;
        _verified = new bool[expected.Crc32C.Count];
        try
        {
            _file = File.OpenHandle(path, options: FileOptions.SequentialScan, share: FileShare.Read | FileShare.Delete);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new ModelFormatException(path, "missing", e);
        }

        try
        {
            long bytes = RandomAccess.GetLength(_file);
            if (bytes != expected.Bytes)
            {
                string how = bytes < expected.Bytes ? "truncated" : "altered";
                throw new ModelFormatException(path, $"{how}: {bytes} bytes, the manifest says {expected.Bytes}");
            }

            Tensors = ReadHeader();
        }
        catch
        {
            _file.Dispose();
            throw;
        }
    }

    /// <summary>The arrays by name.</summary>
    public IReadOnlyDictionary<string, TensorInfo> Tensors { get; }

    /// <summary>Checks every chunk not yet checked.</summary>
    public void Verify(CancellationToken cancellationToken) => VerifyRange(0, _expected.Bytes, cancellationToken);

    /// <summary>Checks the whole file against its SHA-256, which takes one core at 1 to 2 GB/s.</summary>
    public void VerifySha256(CancellationToken cancellationToken)
    {
        using var sha = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        byte[] buffer = ArrayPool<byte>.Shared.Rent(ChunkedFile.ChunkBytes);
        try
        {
            for (long offset = 0; offset < _expected.Bytes;)
            {
                cancellationToken.ThrowIfCancellationRequested();
                int n = RandomAccess.Read(_file, buffer, offset);
                if (n == 0)
                {
                    throw Altered(offset);
                }

                sha.AppendData(buffer, 0, n);
                offset += n;
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }

        if (Convert.ToHexStringLower(sha.GetHashAndReset()) != _expected.Sha256)
        {
            throw new ModelFormatException(_path, "altered: its SHA-256 is not the one in the manifest");
        }
    }

    /// <summary>The array of that name.</summary>
    public TensorInfo this[string name] => Tensors.TryGetValue(name, out var info)
        ? info
        : throw new ModelFormatException(_path, $"has no array '{name}'");

    /// <summary>Reads an array into memory whose rows are <paramref name="rowBytes"/> apart.</summary>
    public void Read(TensorInfo tensor, byte* to, long rowBytes, CancellationToken cancellationToken = default)
    {
        long payload = TensorLayout.RowPayload(tensor.Type, tensor.Shape);
        if (tensor.Shape.Count < 2 || rowBytes == payload)
        {
            // One "row", or no padding between rows: a single block of bytes.
            payload = rowBytes = tensor.Bytes;
        }

        ReadRange(
            tensor.Offset,
            tensor.Bytes,
            (at, from, count) =>
            {
                while (count > 0)
                {
                    long row = at / payload;
                    long column = at - (row * payload);
                    long n = Math.Min(count, payload - column);
                    Buffer.MemoryCopy(from, to + (row * rowBytes) + column, n, n);
                    at += n;
                    from += n;
                    count -= n;
                }
            },
            cancellationToken);
    }

    /// <summary>Reads a one-dimensional array into managed memory.</summary>
    public T[] ReadArray<T>(string name, CancellationToken cancellationToken = default)
        where T : unmanaged
    {
        var tensor = Vector<T>(name);
        if (tensor.Shape[0] > Array.MaxLength)
        {
            throw new ModelFormatException(_path, $"array '{name}' is longer than can be held, {tensor.Shape[0]}");
        }

        var array = GC.AllocateUninitializedArray<T>((int)tensor.Shape[0]);
        fixed (T* to = array)
        {
            Read(tensor, (byte*)to, tensor.Bytes, cancellationToken);
        }

        return array;
    }

    /// <summary>The array of that name, checked to be a vector of <typeparamref name="T"/>.</summary>
    public TensorInfo Vector<T>(string name)
        where T : unmanaged
    {
        var tensor = this[name];
        return tensor.Shape.Count == 1 && TensorLayout.Holds<T>(tensor.Type)
            ? tensor
            : throw new ModelFormatException(_path, $"array {tensor} is not a vector of {typeof(T).Name}");
    }

    /// <summary>Maps an array, checked first unless <paramref name="verify"/> is false.</summary>
    public Tensor Map(TensorInfo tensor, bool verify, CancellationToken cancellationToken)
    {
        if (tensor.Bytes == 0)
        {
            var empty = new NativeBuffer<byte>(0);
            return new Tensor(tensor.Type, tensor.Shape, empty.Pointer, 0, empty);
        }

        if (verify)
        {
            VerifyRange(tensor.Offset, tensor.Bytes, cancellationToken);
        }

        var memory = new MappedMemory(_file, tensor.Offset, tensor.Bytes);
        return new Tensor(
            tensor.Type, tensor.Shape, memory.Pointer, TensorLayout.RowPayload(tensor.Type, tensor.Shape), memory);
    }

    public void Dispose() => _file.Dispose();

    private IReadOnlyDictionary<string, TensorInfo> ReadHeader()
    {
        if (_expected.Bytes < SafetensorsHeader.LengthBytes)
        {
            throw new ModelFormatException(_path, $"{_expected.Bytes} bytes are too few for a safetensors file");
        }

        var start = ReadBytes(0, SafetensorsHeader.LengthBytes);
        long length = SafetensorsHeader.Length(start, _expected.Bytes, _path);
        return SafetensorsHeader.Parse(ReadBytes(SafetensorsHeader.LengthBytes, length), _expected.Bytes, _path);
    }

    private byte[] ReadBytes(long offset, long count)
    {
        var bytes = new byte[count];
        fixed (byte* p = bytes)
        {
            byte* to = p;
            ReadRange(offset, count, (at, from, n) => Buffer.MemoryCopy(from, to + at, n, n), default);
        }

        return bytes;
    }

    private void VerifyRange(long offset, long bytes, CancellationToken cancellationToken) =>
        ReadRange(offset, bytes, null, cancellationToken);

    /// <summary>
    /// Reads and checks the chunks that cover a range, and hands over what of them lies in it: the position in the
    /// range, the bytes, how many. Without a taker, chunks already checked are not read again.
    /// </summary>
    private void ReadRange(long offset, long bytes, Taker? taker, CancellationToken cancellationToken)
    {
        if (bytes == 0)
        {
            return;
        }

        long first = offset / ChunkedFile.ChunkBytes;
        int chunks = (int)(((offset + bytes - 1) / ChunkedFile.ChunkBytes) - first + 1);
        if (chunks == 1)
        {
            ReadChunk(first, offset, bytes, taker);
            return;
        }

        using var pool = new ComputePool(Math.Min(_threads, chunks));
        pool.Run(chunks, (_, c) => ReadChunk(first + c, offset, bytes, taker), cancellationToken);
    }

    private void ReadChunk(long chunk, long offset, long bytes, Taker? taker)
    {
        if (taker is null && Volatile.Read(ref _verified[chunk]))
        {
            return;
        }

        long start = chunk * ChunkedFile.ChunkBytes;
        int length = (int)Math.Min(ChunkedFile.ChunkBytes, _expected.Bytes - start);
        byte[] buffer = ArrayPool<byte>.Shared.Rent(ChunkedFile.ChunkBytes);
        try
        {
            for (int read = 0; read < length;)
            {
                int n = RandomAccess.Read(_file, buffer.AsSpan(read, length - read), start + read);
                read += n > 0 ? n : throw Altered(start + read);
            }

            if (Crc32C.Compute(buffer.AsSpan(0, length)) != _expected.Crc32C[(int)chunk])
            {
                throw Altered(start);
            }

            Volatile.Write(ref _verified[chunk], true);
            if (taker is not null)
            {
                long from = Math.Max(start, offset);
                long to = Math.Min(start + length, offset + bytes);
                fixed (byte* p = buffer)
                {
                    taker(from - offset, p + (from - start), to - from);
                }
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private ModelFormatException Altered(long at) => new(
        _path, $"altered: the checksum of the {ChunkedFile.ChunkBytes >> 20} MB at byte {at / ChunkedFile.ChunkBytes * ChunkedFile.ChunkBytes} does not match the manifest");

    private delegate void Taker(long at, byte* from, long count);
}
