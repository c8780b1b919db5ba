using System.Text;

namespace Recsys.Cli.Output;

/// <summary>A plain table of aligned columns, the same on a terminal and in a file.</summary>
internal sealed class TextTable
{
    private readonly string[] _headers;
    private readonly bool[] _right;
    private readonly List<string[]> _rows = [];

    /// <summary>Columns by header; a header that starts with '&gt;' is aligned to the right.</summary>
    public TextTable(params string[] headers)
    {
        _right = [.. headers.Select(h => h.StartsWith('>'))];
        _headers = [.. headers.Select(h => h.TrimStart('>'))];
    }

    public void Add(params string[] cells) => _rows.Add(cells);

    public void Write(TextWriter writer)
    {
        int[] widths = [.. _headers.Select((h, c) => Math.Max(Width(h), _rows.Select(r => Width(r[c])).DefaultIfEmpty(0).Max()))];
        writer.WriteLine(Line(_headers, widths));
        writer.WriteLine(string.Join("  ", widths.Select(w => new string('-', w))));
        foreach (string[] row in _rows)
        {
            writer.WriteLine(Line(row, widths));
        }
    }

    private string Line(string[] cells, int[] widths)
    {
        var line = new StringBuilder();
        for (int c = 0; c < cells.Length; c++)
        {
            string padding = new(' ', widths[c] - Width(cells[c]));
            line.Append(_right[c] ? padding + cells[c] : cells[c] + padding).Append("  ");
        }

        return line.ToString().TrimEnd();
    }

    private static int Width(string text) => text.EnumerateRunes().Count();
}
