using System.Runtime.CompilerServices;

namespace Recsys.Engine.Data.Reading;

/// <summary>
/// Parses separated columns. A window of text is searched for separators, line ends and quotes at once; a record whose
/// structure is the plain one is cut at these places, any other is left to a <see cref="RecordReader"/>.
/// </summary>
internal sealed unsafe class DelimitedParser : IBlockParser
{
    private const int WindowBytes = 1 << 15;
    private const int Lookahead = 16;
    private readonly ReadSession _session;
    private readonly Layout _layout;
    private readonly RecordReader _records;
    private readonly int[] _places = GC.AllocateUninitializedArray<int>(WindowBytes + Structure.Slack, pinned: true);
    private readonly int _perRecord;
    private bool _headerAhead;
    private int* _prefetchedTo;

    public DelimitedParser(ReadSession session, Layout layout)
    {
        _session = session;
        _layout = layout;
        _records = new RecordReader(layout.Separator, layout.Width);
        _perRecord = ((layout.Columns - 1) * layout.Width) + 1;
        _headerAhead = layout.HasHeader;
    }

    public int Parse(ReadOnlySpan<byte> block, bool isLast)
    {
        _session.StartBlock(block);
        fixed (byte* text = block)
        fixed (int* places = _places)
        {
            int line = 0;
            while (line < block.Length)
            {
                int found = 0;
                if (!_headerAhead && !_session.CheckUtf8)
                {
                    int window = Math.Min(WindowBytes, block.Length - line);
                    found = Structure.Find(text + line, window, _layout.Separator, (byte)'\n', (byte)'"', places);
                }

                int next = line + ParseWindow(block[line..], text + line, places, found, isLast);
                if (next == line)
                {
                    // The last few of the block, one longer than the window, or one that needs a careful look.
                    next += ParseRecord(block[line..], isLast);
                    if (next == line)
                    {
                        break;
                    }
                }

                line = next;
            }

            return line;
        }
    }

    /// <summary>Parses the records whose structure has been found, and returns how many bytes they take.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private int ParseWindow(ReadOnlySpan<byte> rest, byte* window, int* places, int found, bool isLast)
    {
        var session = _session;
        byte separator = _layout.Separator;
        int perRecord = _perRecord;
        int width = _layout.Width;
        int userColumn = _layout.User;
        int itemColumn = _layout.Item;
        int weightColumn = _layout.Weight;
        int timeColumn = _layout.Time;
        int line = 0;
        int* end = places + found;
        _prefetchedTo = places;
        for (int* p = places; p + perRecord <= end; p += perRecord)
        {
            while (!IsPlain(window, line, p, perRecord, separator, width))
            {
                int used = ParseRecord(rest[line..], isLast);
                line += used;
                while (p < end && *p < line)
                {
                    p++;
                }

                if (used == 0 || p + perRecord > end)
                {
                    return line;
                }
            }

            if (p >= _prefetchedTo && session.HasTextIds)
            {
                Prefetch(window, line, p, end);
            }

            var user = Field(window, line, p, userColumn, perRecord, width);
            var item = Field(window, line, p, itemColumn, perRecord, width);
            float weight = 1;
            long time = 0;
            bool understood = (weightColumn < 0 || Numbers.TryWeight(Field(window, line, p, weightColumn, perRecord, width).Span, out weight))
                && (timeColumn < 0 || Numbers.TryTime(Field(window, line, p, timeColumn, perRecord, width).Span, out time));
            if (!understood || !session.TryAddKnown(user.Start, user.Length, item.Start, item.Length, weight, time))
            {
                session.Add(
                    session.Lines + 1,
                    user.Span.Trim((byte)' '),
                    item.Span.Trim((byte)' '),
                    weightColumn >= 0,
                    weightColumn < 0 ? default : Field(window, line, p, weightColumn, perRecord, width).Span.Trim((byte)' '),
                    timeColumn >= 0,
                    timeColumn < 0 ? default : Field(window, line, p, timeColumn, perRecord, width).Span.Trim((byte)' '));
            }

            session.Lines++;
            session.Records++;
            line = p[perRecord - 1] + 1;
        }

        return line;
    }

    /// <summary>Looks a few records ahead, as if they were plain: where they are not, nothing but time is lost.</summary>
    private void Prefetch(byte* window, int line, int* p, int* end)
    {
        int count = 0;
        Span<TextPiece> users = stackalloc TextPiece[Lookahead];
        Span<TextPiece> items = stackalloc TextPiece[Lookahead];
        for (; count < Lookahead && p + _perRecord <= end; count++)
        {
            users[count] = Field(window, line, p, _layout.User, _perRecord, _layout.Width);
            items[count] = Field(window, line, p, _layout.Item, _perRecord, _layout.Width);
            line = p[_perRecord - 1] + 1;
            p += _perRecord;
        }

        _session.Prefetch(users[..count], items[..count]);
        _prefetchedTo = p;
    }

    private static bool IsPlain(byte* window, int line, int* p, int perRecord, byte separator, int width)
    {
        bool plain = window[line] != (byte)'#' && window[p[perRecord - 1]] == (byte)'\n';
        for (int j = 0; j < perRecord - 1; j += width)
        {
            plain &= window[p[j]] == separator;
            if (width == 2)
            {
                plain &= p[j + 1] == p[j] + 1 && window[p[j + 1]] == separator;
            }
        }

        return plain;
    }

    private static TextPiece Field(byte* window, int line, int* p, int column, int perRecord, int width)
    {
        int place = column * width;
        int start = column == 0 ? line : p[place - 1] + 1;
        int end = p[place];
        if (place == perRecord - 1 && end > start && window[end - 1] == (byte)'\r')
        {
            end--;
        }

        return new TextPiece(window + start, end - start);
    }

    private int ParseRecord(ReadOnlySpan<byte> data, bool isLast)
    {
        var status = _records.Read(data, isLast, out int used);
        if (used == 0)
        {
            return 0;
        }

        long line = _session.Lines + 1;
        _session.Lines += _records.Lines;
        if (status == RecordStatus.Nothing)
        {
            return used;
        }

        if (_headerAhead)
        {
            _headerAhead = false;
            return used;
        }

        _session.Records++;
        var text = RecordReader.WithoutEnd(data[..used]);
        switch (status)
        {
            case RecordStatus.Unclosed:
                _session.Malformed(line, "a closing quote", text[Math.Min(text.Length, _records.ProblemAt)..]);
                break;
            case RecordStatus.TextAfterQuote:
                _session.Malformed(
                    line,
                    $"a {_layout.SeparatorName} or the end of the line after a closing quote",
                    text[Math.Min(text.Length, _records.ProblemAt)..]);
                break;
            case RecordStatus.Record when _records.Count != _layout.Columns:
                _session.Malformed(line, $"{_layout.Columns} columns separated by {_layout.SeparatorName}s", text);
                break;
            default:
                _session.Add(
                    line,
                    _records[_layout.User],
                    _records[_layout.Item],
                    _layout.Weight >= 0,
                    _layout.Weight < 0 ? default : _records[_layout.Weight],
                    _layout.Time >= 0,
                    _layout.Time < 0 ? default : _records[_layout.Time]);
                break;
        }

        return used;
    }
}
