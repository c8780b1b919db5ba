using System.Globalization;

namespace Recsys.Engine.Data.Reading;

/// <summary>Finds the columns of user, item, weight and time by the options, the header or their order.</summary>
internal static class ColumnFinder
{
    public static Layout Find(Layout layout, List<string> first, string shown, string path, long line, ReadOptions options)
    {
        string?[] asked = [options.UserColumn, options.ItemColumn, options.WeightColumn, options.TimeColumn];
        bool byName = asked.Any(c => c is not null && !IsNumber(c, out _));
        bool header = options.Header ?? (byName || ColumnNames.IsHeader(first));
        if (byName && !header)
        {
            throw new InvalidOptionException($"{path}: columns can only be named where there is a header; give their numbers");
        }

        bool numbered = asked.Any(c => c is not null);
        if (!header && !numbered && layout.Columns is < 2 or > 4)
        {
            throw new MalformedInputException(
                path,
                line,
                $"expected 2 to 4 columns separated by {layout.SeparatorName}s (user, item, weight, time) or a header that names them, found '{shown}'");
        }

        int[] columns =
        [
            Column(options.UserColumn, header ? ColumnNames.User(first) : 0),
            Column(options.ItemColumn, header ? ColumnNames.Item(first) : 1),
            Column(options.WeightColumn, header ? ColumnNames.Weight(first) : numbered ? -1 : 2),
            Column(options.TimeColumn, header ? ColumnNames.Time(first) : numbered ? -1 : 3),
        ];
        string[] roles = ["user", "item", "weight", "time"];
        for (int c = 0; c < 4; c++)
        {
            bool required = c < 2 || asked[c] is not null;
            if (required && (columns[c] < 0 || columns[c] >= layout.Columns))
            {
                string wanted = asked[c] is { } name ? $"a column '{name}' for the {roles[c]}" : $"a column for the {roles[c]}";
                throw new MalformedInputException(path, line, $"expected {wanted}, found '{shown}'");
            }
        }

        for (int a = 0; a < 4; a++)
        {
            for (int b = a + 1; b < 4; b++)
            {
                if (columns[a] == columns[b] && columns[a] >= 0 && columns[a] < layout.Columns)
                {
                    throw new InvalidOptionException($"{path}: column {columns[a] + 1} cannot be both the {roles[a]} and the {roles[b]}");
                }
            }
        }

        return layout with
        {
            HasHeader = header,
            User = columns[0],
            Item = columns[1],
            Weight = columns[2] < layout.Columns ? columns[2] : -1,
            Time = columns[3] < layout.Columns ? columns[3] : -1,
        };

        int Column(string? name, int otherwise)
        {
            if (name is null)
            {
                return otherwise;
            }

            int exact = header ? first.IndexOf(name) : -1;
            if (exact < 0 && header)
            {
                exact = first.FindIndex(f => f.Equals(name, StringComparison.OrdinalIgnoreCase));
            }

            return exact >= 0 ? exact : IsNumber(name, out int number) ? number - 1 : -1;
        }
    }

    private static bool IsNumber(string column, out int number) =>
        int.TryParse(column, NumberStyles.None, CultureInfo.InvariantCulture, out number);
}
