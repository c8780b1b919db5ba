using System.IO.Compression;

namespace Recsys.Engine.Data.Reading;

/// <summary>
/// A text read in blocks of whole lines. Unpacks gzip, recognised by its first bytes, drops a byte order mark, and
/// ends the last line where the text does not.
/// </summary>
internal sealed class TextSource : IDisposable
{
    public const int BlockBytes = 1 << 20;

    // Kernels read up to 64 bytes at a time, past the end of the text.
    private const int Padding = 128;
    private const int MaxLine = 1 << 30;
    private readonly Stream _raw;
    private readonly bool _leaveOpen;
    private readonly IProgress<long>? _progress;
    private readonly CancellationToken _cancellationToken;
    private readonly CountingStream _counting;
    private Stream _text;
    private byte[] _buffer = GC.AllocateUninitializedArray<byte>(BlockBytes + Padding, pinned: true);
    private int _start;
    private int _end;
    private int _blockEnd;
    private bool _started;

    public TextSource(Stream raw, string name, bool leaveOpen, IProgress<long>? progress, CancellationToken cancellationToken)
    {
        _raw = raw;
        _leaveOpen = leaveOpen;
        _progress = progress;
        _cancellationToken = cancellationToken;
        _counting = new CountingStream(raw);
        _text = _counting;
        Name = name;
        Length = raw.CanSeek ? raw.Length - raw.Position : null;
    }

    private static ReadOnlySpan<byte> Seal => "\u0004 end of compressed text \u0004"u8;

    public string Name { get; }

    /// <summary>Bytes of the stored file, where known.</summary>
    public long? Length { get; }

    public bool IsCompressed { get; private set; }

    /// <summary>Bytes of text handed out and used so far.</summary>
    public long BytesUsed { get; private set; }

    /// <summary>Whether <see cref="Block"/> is the last one.</summary>
    public bool IsLast { get; private set; }

    /// <summary>Whole lines; the last ends with a line feed.</summary>
    public ReadOnlySpan<byte> Block => _buffer.AsSpan(_start, _blockEnd - _start);

    public static TextSource OpenFile(string path, IProgress<long>? progress, CancellationToken cancellationToken)
    {
        if (Directory.Exists(path))
        {
            throw new MalformedInputException(path, 0, "expected a file, found a directory");
        }

        try
        {
            var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0, FileOptions.SequentialScan);
            return new TextSource(stream, path, leaveOpen: false, progress, cancellationToken);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new RecsysException($"{path}: no such file", e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            throw new RecsysException($"{path}: cannot be opened: {e.Message}", e);
        }
    }

    /// <summary>Moves what was not used to the front and reads on until the buffer is full or the text ends.</summary>
    public void Fill()
    {
        _buffer.AsSpan(_start, _end - _start).CopyTo(_buffer);
        _end -= _start;
        _start = 0;
        if (!_started)
        {
            Start();
        }

        while (true)
        {
            if (_end == _buffer.Length - Padding)
            {
                Grow();
            }

            int from = _end;
            if (!ReadUntilFull())
            {
                IsLast = true;
                BreakSeal();
                if (_end > 0 && _buffer[_end - 1] != (byte)'\n')
                {
                    _buffer[_end++] = (byte)'\n';
                }

                _blockEnd = _end;
                break;
            }

            // What was left over holds no whole line, or an unfinished quoted field: only new text can end it.
            int feed = _buffer.AsSpan(from, _end - from).LastIndexOf((byte)'\n');
            if (feed >= 0)
            {
                _blockEnd = from + feed + 1;
                break;
            }
        }

        _buffer.AsSpan(_end, Padding - 1).Clear();
        _progress?.Report(_counting.BytesRead);
    }

    /// <summary>Says that the first bytes of the block are done with.</summary>
    public void Consume(int bytes)
    {
        _start += bytes;
        BytesUsed += bytes;
    }

    public void Dispose()
    {
        if (!ReferenceEquals(_text, _counting))
        {
            _text.Dispose();
        }

        if (!_leaveOpen)
        {
            _raw.Dispose();
        }
    }

    private void Start()
    {
        _started = true;
        while (_end < 4 && ReadOnce())
        {
        }

        if (_end >= 2 && _buffer[0] == 0x1F && _buffer[1] == 0x8B)
        {
            IsCompressed = true;
            _counting.PushBack(_buffer.AsSpan(0, _end));
            _counting.Epilogue = Pack(Seal);
            _text = new GZipStream(_counting, CompressionMode.Decompress, leaveOpen: true);
            _end = 0;
            while (_end < 4 && ReadOnce())
            {
            }
        }

        if (_buffer.AsSpan(0, _end).StartsWith("\uFEFF"u8))
        {
            _end -= 3;
            _buffer.AsSpan(3, _end).CopyTo(_buffer);
        }
        else if (_end >= 2 && (_buffer[0], _buffer[1]) is (0xFE, 0xFF) or (0xFF, 0xFE))
        {
            throw new MalformedInputException(Name, 0, "expected UTF-8 text, found UTF-16");
        }
    }

    private static byte[] Pack(ReadOnlySpan<byte> text)
    {
        var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Fastest))
        {
            gzip.Write(text);
        }

        return packed.ToArray();
    }

    /// <summary>
    /// GZipStream takes the end of a file that was cut off for the end of its text. So a member of ours is put behind the
    /// file: it comes out whole only if what is before it was. It holds no line end, hence was never handed out.
    /// </summary>
    private void BreakSeal()
    {
        if (!IsCompressed)
        {
            return;
        }

        if (!_buffer.AsSpan(0, _end).EndsWith(Seal))
        {
            throw Damaged(null);
        }

        _end -= Seal.Length;
    }

    private MalformedInputException Damaged(Exception? cause) =>
        new(Name, 0, $"the gzip data is damaged or cut off after {BytesUsed + _end} bytes of text", cause);

    private bool ReadUntilFull()
    {
        while (_end < _buffer.Length - Padding)
        {
            if (!ReadOnce())
            {
                return false;
            }
        }

        return true;
    }

    private bool ReadOnce()
    {
        _cancellationToken.ThrowIfCancellationRequested();
        try
        {
            int read = _text.Read(_buffer, _end, _buffer.Length - Padding - _end);
            _end += read;
            return read > 0;
        }
        catch (InvalidDataException e)
        {
            throw Damaged(e);
        }
        catch (IOException e)
        {
            throw new RecsysException($"{Name}: cannot be read: {e.Message}", e);
        }
    }

    private void Grow()
    {
        long size = 2L * (_buffer.Length - Padding);
        if (size > MaxLine)
        {
            throw new MalformedInputException(Name, 0, $"expected lines of at most {MaxLine} bytes, found a longer one");
        }

        byte[] larger = GC.AllocateUninitializedArray<byte>((int)size + Padding, pinned: true);
        _buffer.AsSpan(0, _end).CopyTo(larger);
        _buffer = larger;
    }
}
