namespace Recsys.Engine.Data.Reading;

/// <summary>Parses lines of words separated by runs of spaces and tabs: adjacency lists, and columns in that form.</summary>
internal sealed unsafe class TokenParser : IBlockParser
{
    private readonly ReadSession _session;
    private readonly Layout _layout;
    private (int Start, int Length)[] _words = new (int, int)[64];
    private long _user;

    public TokenParser(ReadSession session, Layout layout)
    {
        _session = session;
        _layout = layout;
    }

    public int Parse(ReadOnlySpan<byte> block, bool isLast)
    {
        _session.StartBlock(block);
        int at = 0;
        while (at < block.Length)
        {
            int length = block[at..].IndexOf((byte)'\n') + 1;
            ParseLine(RecordReader.WithoutEnd(block.Slice(at, length)));
            at += length;
        }

        return at;
    }

    /// <summary>Cuts a line into words and returns how many there are; their places go to <paramref name="words"/>.</summary>
    internal static int Cut(ReadOnlySpan<byte> line, ref (int Start, int Length)[] words)
    {
        int count = 0;
        for (int at = 0; at < line.Length;)
        {
            if (line[at] is (byte)' ' or (byte)'\t')
            {
                at++;
                continue;
            }

            int start = at;
            while (at < line.Length && line[at] is not ((byte)' ' or (byte)'\t'))
            {
                at++;
            }

            if (count == words.Length)
            {
                Array.Resize(ref words, count * 2);
            }

            words[count++] = (start, at - start);
        }

        return count;
    }

    private void ParseLine(ReadOnlySpan<byte> line)
    {
        long number = ++_session.Lines;
        int count = line is [(byte)'#', ..] ? 0 : Cut(line, ref _words);
        if (count == 0)
        {
            return;
        }

        _session.Records++;
        switch (_layout.Format)
        {
            case InteractionFormat.Space:
                AddColumns(number, line, count);
                break;
            case InteractionFormat.Adjacency:
                if (AreIds(number, line, 0, count))
                {
                    AddItems(_session.AdjacencyUser(Word(line, 0)), line, count);
                }

                break;
            default:
                AddCounted(number, line, count);
                break;
        }
    }

    private void AddColumns(long number, ReadOnlySpan<byte> line, int count)
    {
        if (count != _layout.Columns)
        {
            _session.Malformed(number, $"{_layout.Columns} columns separated by spaces", line);
            return;
        }

        _session.Add(
            number,
            Word(line, _layout.User),
            Word(line, _layout.Item),
            _layout.Weight >= 0,
            _layout.Weight < 0 ? default : Word(line, _layout.Weight),
            _layout.Time >= 0,
            _layout.Time < 0 ? default : Word(line, _layout.Time));
    }

    private void AddCounted(long number, ReadOnlySpan<byte> line, int count)
    {
        // A malformed line is a user all the same: those behind it keep their numbers.
        long user = _user++;
        uint items = IdBytes.Decimal(Word(line, 0));
        if (items == IdBytes.NotDecimal)
        {
            _session.Malformed(number, "a number of items", Word(line, 0));
        }
        else if (items != count - 1)
        {
            _session.Malformed(number, $"{items} items after their number", line);
        }
        else if (AreIds(number, line, 1, count))
        {
            Span<byte> id = stackalloc byte[20];
            user.TryFormat(id, out int length, default, System.Globalization.CultureInfo.InvariantCulture);
            AddItems(_session.AdjacencyUser(id[..length]), line, count);
        }
    }

    private bool AreIds(long number, ReadOnlySpan<byte> line, int first, int count)
    {
        if (_session.CheckUtf8)
        {
            for (int w = first; w < count; w++)
            {
                if (!_session.IsId(number, Word(line, w), w == 0 ? "user" : "item"))
                {
                    return false;
                }
            }
        }

        return true;
    }

    private void AddItems(int user, ReadOnlySpan<byte> line, int count)
    {
        fixed (byte* text = line)
        {
            for (int w = 1; w < count; w++)
            {
                _session.AddAdjacent(user, text + _words[w].Start, _words[w].Length);
            }
        }
    }

    private ReadOnlySpan<byte> Word(ReadOnlySpan<byte> line, int word) => line.Slice(_words[word].Start, _words[word].Length);
}
