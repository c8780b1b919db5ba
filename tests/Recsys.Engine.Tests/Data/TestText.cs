using System.Globalization;
using System.IO.Compression;
using System.Text;
using Recsys.Engine.Data;

namespace Recsys.Engine.Tests.Data;

/// <summary>Short ways to read and show interactions.</summary>
internal static class TestText
{
    public static (InteractionLog Log, ReadReport Report) Read(string text, ReadOptions? options = null) =>
        Read(Encoding.UTF8.GetBytes(text), options);

    public static (InteractionLog Log, ReadReport Report) Read(byte[] text, ReadOptions? options = null) =>
        InteractionReader.Read(new MemoryStream(text), "f", options);

    /// <summary>"user item weight[ @time]" of each interaction, separated by |.</summary>
    public static string Show(InteractionLog log)
    {
        var lines = new List<string>();
        for (int e = 0; e < log.Count; e++)
        {
            string weight = (log.HasWeights ? log.Weights[e] : 1).ToString(CultureInfo.InvariantCulture);
            string time = log.HasTimes ? $" @{log.Times[e]}" : "";
            lines.Add($"{log.UserIds[log.Users[e]]} {log.ItemIds[log.Items[e]]} {weight}{time}");
        }

        return string.Join('|', lines);
    }

    /// <summary>"user item weight" of each element, row by row, separated by |.</summary>
    public static string Show(Dataset data) => Show(data.ToLog());

    /// <summary>"user: item item" of each row that is not empty, separated by |; ids in their order as text.</summary>
    public static string Show(IdTable users, IdTable items, SparseMatrix matrix) => string.Join('|', Enumerable.Range(0, matrix.Rows)
        .Where(u => matrix.RowLength(u) > 0)
        .Select(u => $"{users[u]}: {string.Join(' ', matrix.Row(u).ToArray().Select(i => items[i]).Order(StringComparer.Ordinal))}")
        .Order(StringComparer.Ordinal));

    /// <summary>A log of "user item [weight [@time]]" separated by |.</summary>
    public static InteractionLog Log(string text)
    {
        var users = new IdTable();
        var items = new IdTable();
        string[][] rows = [.. text.Split('|', StringSplitOptions.RemoveEmptyEntries).Select(l => l.Split(' ', StringSplitOptions.RemoveEmptyEntries))];
        bool times = rows.Any(r => r[^1].StartsWith('@'));
        return new InteractionLog(
            users,
            items,
            Array.ConvertAll(rows, r => users.GetOrAdd(r[0])),
            Array.ConvertAll(rows, r => items.GetOrAdd(r[1])),
            rows.All(r => r.Length == 2 || r[2][0] == '@') ? null : Array.ConvertAll(rows, r => r.Length > 2 && r[2][0] != '@' ? float.Parse(r[2], CultureInfo.InvariantCulture) : 1),
            times ? Array.ConvertAll(rows, r => long.Parse(r[^1][1..], CultureInfo.InvariantCulture)) : null);
    }

    public static byte[] Gzip(byte[] text)
    {
        var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Fastest, leaveOpen: true))
        {
            gzip.Write(text);
        }

        return packed.ToArray();
    }
}
