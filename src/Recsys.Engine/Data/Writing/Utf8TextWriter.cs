using System.Buffers;
using System.Globalization;

namespace Recsys.Engine.Data.Writing;

/// <summary>Writes ids and numbers as UTF-8 through a buffer.</summary>
internal sealed class Utf8TextWriter(Stream stream)
{
    private static readonly SearchValues<byte> AlwaysQuoted = SearchValues.Create("\"\t\r\n"u8);
    private readonly byte[] _buffer = new byte[1 << 16];
    private int _used;

    public void Byte(byte value)
    {
        if (_used == _buffer.Length)
        {
            Flush();
        }

        _buffer[_used++] = value;
    }

    public void Bytes(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length > _buffer.Length - _used)
        {
            Flush();
            if (bytes.Length > _buffer.Length)
            {
                stream.Write(bytes);
                return;
            }
        }

        bytes.CopyTo(_buffer.AsSpan(_used));
        _used += bytes.Length;
    }

    public void Id(ReadOnlySpan<byte> id, byte separator)
    {
        bool quote = id[0] is (byte)' ' or (byte)'#' or 0xEF || id[^1] == (byte)' '
            || id.Contains(separator) || id.IndexOfAny(AlwaysQuoted) >= 0;
        if (!quote)
        {
            Bytes(id);
            return;
        }

        Byte((byte)'"');
        foreach (byte b in id)
        {
            if (b == (byte)'"')
            {
                Byte(b);
            }

            Byte(b);
        }

        Byte((byte)'"');
    }

    public void Number<T>(T number)
        where T : IUtf8SpanFormattable
    {
        if (_buffer.Length - _used < 64)
        {
            Flush();
        }

        number.TryFormat(_buffer.AsSpan(_used), out int written, default, CultureInfo.InvariantCulture);
        _used += written;
    }

    public void Flush()
    {
        stream.Write(_buffer, 0, _used);
        _used = 0;
    }
}
