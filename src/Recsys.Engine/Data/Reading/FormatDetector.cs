using System.Text;

namespace Recsys.Engine.Data.Reading;

/// <summary>Tells from the first lines how a file is laid out, as far as the options do not say it.</summary>
internal static class FormatDetector
{
    private const int MaxLines = 1000;

    public static Layout Detect(TextSource source, ReadOptions options)
    {
        var sample = source.Block;
        RefuseOtherThanText(source.Name, sample);
        var format = options.Format ?? (options.Separator is null ? null : InteractionFormat.Csv);
        var first = FirstLine(sample, out long number);
        if (first.IsEmpty)
        {
            // Nothing but blank lines and comments: the reading will say so.
            return new Layout(format ?? InteractionFormat.Tsv) { Separator = (byte)'\t', Columns = 2 };
        }

        format ??= Guess(source.Name, sample, first, number);
        return format switch
        {
            InteractionFormat.Adjacency or InteractionFormat.CountedAdjacency => new Layout(format.Value),
            InteractionFormat.Space => SpaceLayout(source.Name, first, number, options),
            _ => ColumnLayout(source, format.Value, number, options),
        };
    }

    private static void RefuseOtherThanText(string name, ReadOnlySpan<byte> sample)
    {
        string? kind = sample switch
        {
            [(byte)'P', (byte)'K', 3, 4, ..] => "a zip archive",
            [(byte)'B', (byte)'Z', (byte)'h', ..] when sample.Length > 3 && sample.Contains((byte)0) => "bzip2 data",
            [0x28, 0xB5, 0x2F, 0xFD, ..] => "zstandard data",
            [0xFD, (byte)'7', (byte)'z', (byte)'X', (byte)'Z', ..] => "xz data",
            [0x1F, 0x8B, ..] => "gzip data inside gzip data",
            [(byte)'P', (byte)'A', (byte)'R', (byte)'1', ..] => "a Parquet file",
            _ when sample[..Math.Min(sample.Length, 4096)].Contains((byte)0) => "binary data",
            _ => null,
        };
        if (kind is not null)
        {
            throw new MalformedInputException(name, 0, $"expected text or text compressed with gzip, found {kind}");
        }

        // Line ends of long-gone systems would make one line of the whole file.
        int ret = sample.IndexOf((byte)'\r');
        if (ret >= 0 && ret + 1 < sample.Length && sample[ret + 1] != (byte)'\n' && sample[..^1].IndexOf((byte)'\n') < 0
            && !sample.Contains((byte)'"'))
        {
            throw new MalformedInputException(name, 1, "expected lines that end with LF or CRLF, found CR alone");
        }
    }

    /// <summary>The first line that is neither blank nor a comment.</summary>
    private static ReadOnlySpan<byte> FirstLine(ReadOnlySpan<byte> sample, out long number)
    {
        number = 0;
        while (!sample.IsEmpty)
        {
            number++;
            var line = NextLine(ref sample);
            if (IsContent(line))
            {
                return line;
            }
        }

        return default;
    }

    private static ReadOnlySpan<byte> NextLine(scoped ref ReadOnlySpan<byte> text)
    {
        int length = text.IndexOf((byte)'\n') + 1;
        var line = RecordReader.WithoutEnd(text[..length]);
        text = text[length..];
        return line;
    }

    private static bool IsContent(ReadOnlySpan<byte> line) => line is not ([] or [(byte)'#', ..]) && !line.Trim(" \t"u8).IsEmpty;

    private static InteractionFormat Guess(string name, ReadOnlySpan<byte> sample, ReadOnlySpan<byte> first, long number)
    {
        int tabs = Irregularities(sample, (byte)'\t', 1);
        int commas = Irregularities(sample, (byte)',', 1);
        if (tabs <= commas && tabs < int.MaxValue)
        {
            return IsMovieLensData(sample) ? InteractionFormat.MovieLensData : InteractionFormat.Tsv;
        }

        if (commas < int.MaxValue)
        {
            return first.SequenceEqual("userId,movieId,rating,timestamp"u8) ? InteractionFormat.MovieLensCsv : InteractionFormat.Csv;
        }

        if (Irregularities(sample, (byte)':', 2) < int.MaxValue)
        {
            return InteractionFormat.MovieLensDat;
        }

        return first[0] == (byte)'"' ? InteractionFormat.Csv : GuessWords(name, sample, first, number);
    }

    /// <summary>
    /// How many records of the sample do not have the columns of the first, or have a quote inside a field, when cut at a
    /// separator; the greatest number where it does not cut the first.
    /// </summary>
    private static int Irregularities(ReadOnlySpan<byte> sample, byte separator, int width)
    {
        var records = new RecordReader(separator, width, quoting: width == 1);
        int columns = 0;
        int irregular = 0;
        for (int lines = 0; lines < MaxLines && !sample.IsEmpty; lines++)
        {
            var status = records.Read(sample, isLast: true, out int used);
            sample = sample[used..];
            if (status == RecordStatus.Nothing)
            {
                continue;
            }

            bool whole = status == RecordStatus.Record;
            if (columns == 0)
            {
                if (!whole || records.Count < 2)
                {
                    return int.MaxValue;
                }

                columns = records.Count;
            }

            irregular += whole && records.Count == columns && !records.HasStrayQuote ? 0 : 1;
        }

        return columns == 0 ? int.MaxValue : irregular;
    }

    private static InteractionFormat GuessWords(string name, ReadOnlySpan<byte> sample, ReadOnlySpan<byte> first, long number)
    {
        var words = new (int Start, int Length)[64];
        bool counted = true;
        int lines = 0;
        int fewest = int.MaxValue;
        int most = 0;
        while (!sample.IsEmpty && lines < MaxLines)
        {
            var line = NextLine(ref sample);
            if (!IsContent(line))
            {
                continue;
            }

            int count = TokenParser.Cut(line, ref words);
            lines++;
            fewest = Math.Min(fewest, count);
            most = Math.Max(most, count);
            counted &= IdBytes.Decimal(line.Slice(words[0].Start, words[0].Length)) == count - 1;
        }

        if (most < 2)
        {
            throw new MalformedInputException(
                name, number, $"expected a user and an item separated by a tab, a comma, '::' or a space, found '{Excerpt.Of(first)}'");
        }

        if (counted && lines >= 3)
        {
            return InteractionFormat.CountedAdjacency;
        }

        if (fewest == most && most is 3 or 4 && lines >= 2)
        {
            throw new MalformedInputException(
                name,
                number,
                $"expected a layout that can be told apart, found {most} words on every line: name the format adjacency "
                + "(user item item …) or space (user item weight …)");
        }

        return InteractionFormat.Adjacency;
    }

    /// <summary>Four columns of integers, the third a rating of 1 to 5, on all lines of the sample.</summary>
    private static bool IsMovieLensData(ReadOnlySpan<byte> sample)
    {
        for (int lines = 0; !sample.IsEmpty && lines < MaxLines; lines++)
        {
            var line = NextLine(ref sample);
            int column = 0;
            foreach (var range in line.Split((byte)'\t'))
            {
                var field = line[range];
                bool right = column == 2
                    ? field is [>= (byte)'1' and <= (byte)'5']
                    : !field.IsEmpty && field.IndexOfAnyExceptInRange((byte)'0', (byte)'9') < 0;
                if (!right)
                {
                    return false;
                }

                column++;
            }

            if (column != 4)
            {
                return false;
            }
        }

        return true;
    }

    private static Layout SpaceLayout(string name, ReadOnlySpan<byte> first, long number, ReadOptions options)
    {
        var words = new (int Start, int Length)[8];
        int count = TokenParser.Cut(first, ref words);
        var record = new List<string>();
        for (int w = 0; w < count; w++)
        {
            record.Add(Encoding.UTF8.GetString(first.Slice(words[w].Start, words[w].Length)));
        }

        var layout = new Layout(InteractionFormat.Space) { Separator = (byte)' ', Columns = count };
        return ColumnFinder.Find(layout, record, Excerpt.Of(first), name, number, options with { Header = false });
    }

    private static Layout ColumnLayout(TextSource source, InteractionFormat format, long number, ReadOptions options)
    {
        byte separator = format switch
        {
            InteractionFormat.Tsv or InteractionFormat.MovieLensData => (byte)'\t',
            InteractionFormat.MovieLensDat => (byte)':',
            InteractionFormat.Csv => (byte)(options.Separator ?? ','),
            _ => (byte)',',
        };
        int width = format == InteractionFormat.MovieLensDat ? 2 : 1;
        var records = new RecordReader(separator, width);
        var rest = source.Block;
        RecordStatus status;
        int used;
        do
        {
            status = records.Read(rest, isLast: true, out used);
            rest = rest[used..];
        }
        while (status == RecordStatus.Nothing);

        var text = source.Block[..^rest.Length][^used..];
        if (status != RecordStatus.Record)
        {
            throw new MalformedInputException(
                source.Name, number, $"expected a first line of columns, found a quoted field that does not end well: '{Excerpt.Of(RecordReader.WithoutEnd(text))}'");
        }

        var record = new List<string>();
        for (int f = 0; f < records.Count; f++)
        {
            record.Add(Encoding.UTF8.GetString(records[f]));
        }

        var layout = new Layout(format) { Separator = separator, Width = width, Columns = records.Count };
        options = format switch
        {
            InteractionFormat.MovieLensCsv => options with { Header = true },
            InteractionFormat.MovieLensData or InteractionFormat.MovieLensDat => options with { Header = false },
            _ => options,
        };
        return ColumnFinder.Find(layout, record, Excerpt.Of(RecordReader.WithoutEnd(text)), source.Name, number, options);
    }
}
