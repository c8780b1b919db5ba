using System.Security.Cryptography;
using Microsoft.Win32.SafeHandles;

namespace Recsys.Engine.Storage;

/// <summary>
/// Writes a new file in large chunks while hashing it: a chunk goes to the disk on another thread while this one
/// hashes it and the next is gathered. Holds two chunks of memory however large the file is.
/// </summary>
internal sealed unsafe class ChunkedFileWriter : IDisposable
{
    private readonly SafeFileHandle _file;
    private readonly IncrementalHash _sha = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private readonly List<uint> _crcs = [];
    private readonly Action<long> _written;
    private readonly CancellationToken _cancellationToken;
    private byte[] _chunk = GC.AllocateUninitializedArray<byte>(ChunkedFile.ChunkBytes);
    private byte[] _spare = GC.AllocateUninitializedArray<byte>(ChunkedFile.ChunkBytes);
    private int _filled;
    private long _offset;
    private Task _writing = Task.CompletedTask;

    /// <summary>Creates the file and reserves <paramref name="bytes"/> on the disk, so that a full disk shows at once.</summary>
    public ChunkedFileWriter(string path, long bytes, Action<long> written, CancellationToken cancellationToken)
    {
        _written = written;
        _cancellationToken = cancellationToken;
        _file = File.OpenHandle(path, FileMode.CreateNew, FileAccess.Write, FileShare.None, FileOptions.None, bytes);
    }

    public void Append(ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            int n = Math.Min(bytes.Length, _chunk.Length - _filled);
            bytes[..n].CopyTo(_chunk.AsSpan(_filled));
            _filled += n;
            bytes = bytes[n..];
            if (_filled == _chunk.Length)
            {
                Flush();
            }
        }
    }

    public void Append(byte* data, long bytes)
    {
        while (bytes > 0)
        {
            int n = (int)Math.Min(bytes, 1 << 30);
            Append(new ReadOnlySpan<byte>(data, n));
            data += n;
            bytes -= n;
        }
    }

    /// <summary>Writes the rest and waits until all of it is on the disk.</summary>
    public ChunkedFile Finish()
    {
        if (_filled > 0)
        {
            Flush();
        }

        _writing.GetAwaiter().GetResult();
        RandomAccess.FlushToDisk(_file);
        return new ChunkedFile(_offset, Convert.ToHexStringLower(_sha.GetHashAndReset()), _crcs);
    }

    public void Dispose()
    {
        // The file must not be closed under a write that is still going on; whether it failed no longer matters here.
        Task.WaitAny(_writing);
        _ = _writing.Exception;
        _file.Dispose();
        _sha.Dispose();
    }

    private void Flush()
    {
        _cancellationToken.ThrowIfCancellationRequested();
        _writing.GetAwaiter().GetResult();
        var (chunk, length, offset) = (_chunk, _filled, _offset);
        if (length < chunk.Length)
        {
            RandomAccess.Write(_file, chunk.AsSpan(0, length), offset); // the last one: nothing is left to overlap it with
        }
        else
        {
            // Not a thread of the pool: callers may have taken all of those, and we wait for this one.
            _writing = Task.Factory.StartNew(
                () => RandomAccess.Write(_file, chunk.AsSpan(0, length), offset),
                CancellationToken.None,
                TaskCreationOptions.LongRunning,
                TaskScheduler.Default);
        }

        _crcs.Add(Crc32C.Compute(chunk.AsSpan(0, length)));
        _sha.AppendData(chunk.AsSpan(0, length));
        (_chunk, _spare) = (_spare, _chunk);
        _offset += length;
        _filled = 0;
        _written(length);
    }
}
