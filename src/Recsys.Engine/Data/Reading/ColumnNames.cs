using System.Text;

namespace Recsys.Engine.Data.Reading;

/// <summary>The names that headers give to columns; upper case, spaces and punctuation do not count.</summary>
internal static class ColumnNames
{
    // The first of each list that a header holds is taken.
    private static readonly string[] UserNames =
        ["user", "userid", "uid", "username", "customer", "customerid", "visitor", "visitorid", "reviewer", "reviewerid", "session", "sessionid"];

    private static readonly string[] ItemNames =
    [
        "item", "itemid", "iid", "movie", "movieid", "product", "productid", "article", "articleid", "track", "trackid",
        "song", "songid", "artist", "artistid", "book", "bookid", "isbn", "asin", "sku",
    ];

    private static readonly string[] WeightNames =
        ["weight", "rating", "count", "plays", "playcount", "score", "value", "quantity", "stars", "confidence"];

    private static readonly string[] TimeNames =
        ["time", "timestamp", "unixtime", "unixtimestamp", "ts", "datetime", "date"];

    public static int User(IReadOnlyList<string> header) => Find(header, UserNames);

    public static int Item(IReadOnlyList<string> header) => Find(header, ItemNames);

    public static int Weight(IReadOnlyList<string> header) => Find(header, WeightNames);

    public static int Time(IReadOnlyList<string> header) => Find(header, TimeNames);

    /// <summary>Whether a record reads as a header: it names a user and an item.</summary>
    public static bool IsHeader(IReadOnlyList<string> record) => User(record) >= 0 && Item(record) >= 0;

    public static int Find(IReadOnlyList<string> header, string[] names)
    {
        List<string> plain = header.Select(column => Plain(column)).ToList();
        return names.Select(name => plain.IndexOf(name)).FirstOrDefault(i => i >= 0, -1);
    }

    private static string Plain(string name)
    {
        var plain = new StringBuilder(name.Length);
        foreach (char c in name)
        {
            if (char.IsLetterOrDigit(c))
            {
                plain.Append(char.ToLowerInvariant(c));
            }
        }

        return plain.ToString();
    }
}
