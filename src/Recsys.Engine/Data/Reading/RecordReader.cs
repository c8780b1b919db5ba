namespace Recsys.Engine.Data.Reading;

/// <summary>What <see cref="RecordReader.Read"/> found.</summary>
internal enum RecordStatus
{
    /// <summary>A record.</summary>
    Record,

    /// <summary>A blank line or a comment.</summary>
    Nothing,

    /// <summary>The record goes on behind the text given.</summary>
    NeedMore,

    /// <summary>A quoted field that does not end.</summary>
    Unclosed,

    /// <summary>Text behind the closing quote of a field.</summary>
    TextAfterQuote,
}

/// <summary>
/// Splits one record after the other into fields, with everything that RFC 4180 and this project's readers allow.
/// The careful way: the common record is split by <see cref="DelimitedParser"/> itself.
/// </summary>
internal sealed class RecordReader(byte separator, int width, bool quoting = true)
{
    /// <summary>A quoted record longer than this is taken for an opening quote that was not meant as one.</summary>
    public const int MaxQuotedRecord = 1 << 16;

    private byte[] _text = new byte[256];
    private (int Start, int Length)[] _fields = new (int, int)[8];
    private int _used;

    /// <summary>Number of fields of the last record.</summary>
    public int Count { get; private set; }

    /// <summary>Physical lines of the last record.</summary>
    public int Lines { get; private set; }

    /// <summary>Where the problem stands, from the record's start.</summary>
    public int ProblemAt { get; private set; }

    /// <summary>Whether a field of the last record holds a quote without being quoted.</summary>
    public bool HasStrayQuote { get; private set; }

    /// <summary>A field of the last record, unquoted; spaces around it are cut off unless they were quoted.</summary>
    public ReadOnlySpan<byte> this[int field] => _text.AsSpan(_fields[field].Start, _fields[field].Length);

    /// <summary>
    /// Splits the record at the start of <paramref name="data"/>. <paramref name="used"/>: its bytes with the line end;
    /// where something is wrong, those of its first line; 0 where more text is needed.
    /// </summary>
    public RecordStatus Read(ReadOnlySpan<byte> data, bool isLast, out int used)
    {
        Count = 0;
        Lines = 1;
        HasStrayQuote = false;
        _used = 0;
        int firstLine = data.IndexOf((byte)'\n') + 1;
        used = firstLine;
        var line = WithoutEnd(data[..firstLine]);
        if (line.IsEmpty || line[0] == (byte)'#' || line.Trim((byte)' ').IsEmpty)
        {
            return RecordStatus.Nothing;
        }

        int at = 0;
        while (true)
        {
            while (data[at] == (byte)' ' && separator != (byte)' ')
            {
                at++;
            }

            RecordStatus status = quoting && data[at] == (byte)'"' ? ReadQuoted(data, ref at) : ReadPlain(data, ref at);
            if (status is RecordStatus.NeedMore or RecordStatus.Unclosed)
            {
                bool wait = !isLast && data.Length < MaxQuotedRecord;
                used = wait ? 0 : firstLine;
                ProblemAt = at;
                return wait ? RecordStatus.NeedMore : RecordStatus.Unclosed;
            }

            if (status == RecordStatus.TextAfterQuote)
            {
                used = firstLine;
                ProblemAt = at;
                return status;
            }

            if (data[at] == (byte)'\n')
            {
                used = at + 1;
                Lines = data[..used].Count((byte)'\n');
                return RecordStatus.Record;
            }

            at += width;
        }
    }

    internal static ReadOnlySpan<byte> WithoutEnd(ReadOnlySpan<byte> line)
    {
        line = line.EndsWith("\n"u8) ? line[..^1] : line;
        return line.EndsWith("\r"u8) ? line[..^1] : line;
    }

    private RecordStatus ReadPlain(ReadOnlySpan<byte> data, ref int at)
    {
        int start = at;
        while (!IsSeparator(data, at) && data[at] != (byte)'\n')
        {
            at++;
        }

        var field = data[start..at];
        if (data[at] == (byte)'\n' && field.EndsWith("\r"u8))
        {
            field = field[..^1];
        }

        HasStrayQuote |= field.Contains((byte)'"');
        Add(field.Trim((byte)' '));
        Finish();
        return RecordStatus.Record;
    }

    private RecordStatus ReadQuoted(ReadOnlySpan<byte> data, ref int at)
    {
        int open = at++;
        while (true)
        {
            int limit = Math.Min(data.Length, MaxQuotedRecord);
            int length = at < limit ? data[at..limit].IndexOf((byte)'"') : -1;
            if (length < 0)
            {
                at = open;
                return RecordStatus.Unclosed;
            }

            Add(data.Slice(at, length));
            at += length + 1;
            if (at < data.Length && data[at] == (byte)'"')
            {
                Add("\""u8);
                at++;
                continue;
            }

            break;
        }

        Finish();
        while (data[at] == (byte)' ' && separator != (byte)' ')
        {
            at++;
        }

        if (data[at] == (byte)'\r' && data[at + 1] == (byte)'\n')
        {
            at++;
        }

        return IsSeparator(data, at) || data[at] == (byte)'\n' ? RecordStatus.Record : RecordStatus.TextAfterQuote;
    }

    private bool IsSeparator(ReadOnlySpan<byte> data, int at) =>
        data[at] == separator && (width == 1 || data[at + 1] == separator);

    private void Add(ReadOnlySpan<byte> text)
    {
        if (_used + text.Length > _text.Length)
        {
            Array.Resize(ref _text, Math.Max(_used + text.Length, _text.Length * 2));
        }

        text.CopyTo(_text.AsSpan(_used));
        _used += text.Length;
    }

    private void Finish()
    {
        if (Count == _fields.Length)
        {
            Array.Resize(ref _fields, Count * 2);
        }

        int start = Count == 0 ? 0 : _fields[Count - 1].Start + _fields[Count - 1].Length;
        _fields[Count++] = (start, _used - start);
    }
}
