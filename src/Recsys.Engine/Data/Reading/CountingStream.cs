namespace Recsys.Engine.Data.Reading;

/// <summary>Counts the bytes read from a stream, takes a few back, and has some more behind its end.</summary>
internal sealed class CountingStream(Stream inner) : Stream
{
    private byte[] _returned = [];
    private int _next;

    public long BytesRead { get; private set; }

    /// <summary>Bytes that come once behind the end of the stream; they are not counted.</summary>
    public byte[]? Epilogue { get; set; }

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <summary>Makes the next reads return these bytes again.</summary>
    public void PushBack(ReadOnlySpan<byte> bytes)
    {
        _returned = bytes.ToArray();
        _next = 0;
    }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override int Read(Span<byte> buffer)
    {
        if (_next < _returned.Length)
        {
            int n = Math.Min(buffer.Length, _returned.Length - _next);
            _returned.AsSpan(_next, n).CopyTo(buffer);
            _next += n;
            return n;
        }

        int read = inner.Read(buffer);
        if (read == 0 && Epilogue is { } epilogue)
        {
            Epilogue = null;
            PushBack(epilogue);
            return Read(buffer);
        }

        BytesRead += read;
        return read;
    }

    public override void Flush() => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
}
