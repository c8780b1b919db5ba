using System.Text;
using System.Text.Unicode;

namespace Recsys.Engine.Data.Reading;

/// <summary>Reads the files that <see cref="CatalogueFormat"/> names into a catalogue.</summary>
internal sealed class CatalogueReader(ItemCatalogue catalogue, string path, CatalogueOptions options)
{
    private const int ItemColumns = 24;
    private const int FirstFlag = 5;

    private static readonly string[] IdNames = ["item", "itemid", "movieid", "productid", "articleid", "trackid", "bookid", "id"];
    private static readonly string[] TitleNames = ["name", "title", "itemname"];
    private static readonly string[] CategoryNames = ["categories", "category", "genres", "genre", "tags"];

    // What u.genre holds, for an u.item without it.
    private static readonly string[] MovieLensGenres =
    [
        "unknown", "Action", "Adventure", "Animation", "Children's", "Comedy", "Crime", "Documentary", "Drama", "Fantasy",
        "Film-Noir", "Horror", "Musical", "Mystery", "Romance", "Sci-Fi", "Thriller", "War", "Western",
    ];

    private CatalogueFormat _format;
    private RecordReader _records = new((byte)'\t', 1);
    private RecordReader? _unquoted;
    private string[] _flags = [];
    private int _id;
    private int _name = 1;
    private int _categories = 2;
    private bool _started;
    private long _line;

    public void Read(CancellationToken cancellationToken)
    {
        using var source = TextSource.OpenFile(path, null, cancellationToken);
        do
        {
            source.Fill();
            var block = source.Block;
            int at = 0;
            while (at < block.Length)
            {
                int used = ReadRecord(block[at..], source.IsLast);
                if (used == 0)
                {
                    break;
                }

                at += used;
            }

            source.Consume(at);
        }
        while (!source.IsLast);
        if (catalogue.Count == 0)
        {
            throw new MalformedInputException(path, 0, "expected items, found none");
        }
    }

    private int ReadRecord(ReadOnlySpan<byte> data, bool isLast)
    {
        if (!_started)
        {
            var line = RecordReader.WithoutEnd(data[..(data.IndexOf((byte)'\n') + 1)]);
            if (!line.IsEmpty && line[0] != (byte)'#')
            {
                Choose(line);
            }
        }

        var records = _records;
        var status = records.Read(data, isLast, out int used);
        if (status is RecordStatus.Unclosed or RecordStatus.TextAfterQuote && _unquoted is not null)
        {
            // A title that begins with a quote, where nobody quotes fields.
            records = _unquoted;
            status = records.Read(data, isLast, out used);
        }

        if (used == 0)
        {
            return 0;
        }

        long number = _line + 1;
        _line += records.Lines;
        if (status == RecordStatus.Nothing)
        {
            return used;
        }

        if (status != RecordStatus.Record)
        {
            throw Malformed(number, "a quoted field that ends before the next column", data[..used]);
        }

        bool first = !_started;
        _started = true;
        if (!(first && IsHeader(number, data[..used])))
        {
            Add(records, number, data[..used]);
        }

        return used;
    }

    private void Choose(ReadOnlySpan<byte> line)
    {
        _format = options.Format ?? (line.Contains((byte)'\t') ? CatalogueFormat.Tsv
            : line.IndexOf("::"u8) > 0 ? CatalogueFormat.MovieLensDat
            : line.Count((byte)'|') == ItemColumns - 1 ? CatalogueFormat.MovieLensItem
            : line.Contains((byte)',') ? CatalogueFormat.Csv
            : CatalogueFormat.Tsv);
        _records = _format switch
        {
            CatalogueFormat.Csv => new RecordReader((byte)',', 1),
            CatalogueFormat.MovieLensDat => new RecordReader((byte)':', 2, quoting: false),
            CatalogueFormat.MovieLensItem => new RecordReader((byte)'|', 1, quoting: false),
            _ => new RecordReader((byte)'\t', 1),
        };
        _unquoted = _format == CatalogueFormat.Tsv ? new RecordReader((byte)'\t', 1, quoting: false) : null;
        if (_format == CatalogueFormat.MovieLensItem)
        {
            _flags = ReadGenres();
        }
    }

    private string[] ReadGenres()
    {
        string genres = Path.Combine(Path.GetDirectoryName(Path.GetFullPath(path))!, "u.genre");
        if (!File.Exists(genres))
        {
            return MovieLensGenres;
        }

        string[] names = [.. File.ReadLines(genres).Where(l => l.Contains('|', StringComparison.Ordinal)).Select(l => l.Split('|')[0])];
        return names.Length == ItemColumns - FirstFlag
            ? names
            : throw new MalformedInputException(genres, 0, $"expected {ItemColumns - FirstFlag} categories, found '{names.Length}'");
    }

    private bool IsHeader(long number, ReadOnlySpan<byte> text)
    {
        if (_format is CatalogueFormat.MovieLensDat or CatalogueFormat.MovieLensItem || options.Header == false)
        {
            return false;
        }

        var record = new List<string>();
        for (int f = 0; f < _records.Count; f++)
        {
            record.Add(Encoding.UTF8.GetString(_records[f]));
        }

        int id = ColumnNames.Find(record, IdNames);
        int name = ColumnNames.Find(record, TitleNames);
        int categories = ColumnNames.Find(record, CategoryNames);
        bool header = options.Header ?? (id >= 0 && (name >= 0 || categories >= 0));
        if (header)
        {
            if (id < 0)
            {
                throw Malformed(number, "a column for the item's id", text);
            }

            (_id, _name, _categories) = (id, name, categories);
        }

        return header;
    }

    private void Add(RecordReader record, long number, ReadOnlySpan<byte> text)
    {
        if (_id >= record.Count || record[_id].IsEmpty)
        {
            throw Malformed(number, "an item id", text);
        }

        if (!Utf8.IsValid(record[_id]))
        {
            throw Malformed(number, "an item id in UTF-8", record[_id]);
        }

        if (_format == CatalogueFormat.MovieLensItem)
        {
            if (record.Count != ItemColumns)
            {
                throw Malformed(number, $"{ItemColumns} columns separated by '|'s", text);
            }

            var categories = new List<string>();
            for (int c = 0; c < _flags.Length; c++)
            {
                if (record[FirstFlag + c] is [(byte)'1'])
                {
                    categories.Add(_flags[c]);
                }
            }

            catalogue.Add(record[_id], Decode(record[_name], number), categories);
            return;
        }

        string name = _name >= 0 && _name < record.Count ? Decode(record[_name], number) : "";
        string listed = _categories >= 0 && _categories < record.Count ? Decode(record[_categories], number) : "";
        const StringSplitOptions split = StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries;
        catalogue.Add(record[_id], name, listed == "(no genres listed)" ? [] : listed.Split('|', split));
    }

    private string Decode(ReadOnlySpan<byte> text, long number)
    {
        if (Utf8.IsValid(text))
        {
            return Encoding.UTF8.GetString(text);
        }

        return _format is CatalogueFormat.MovieLensDat or CatalogueFormat.MovieLensItem
            ? Encoding.Latin1.GetString(text)
            : throw Malformed(number, "text in UTF-8", text);
    }

    private MalformedInputException Malformed(long number, string expected, ReadOnlySpan<byte> found) =>
        new(path, number, $"expected {expected}, found '{Excerpt.Of(RecordReader.WithoutEnd(found))}'");
}
