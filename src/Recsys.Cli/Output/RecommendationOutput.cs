using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Recsys.Engine.Models;

namespace Recsys.Cli.Output;

/// <summary>Ranked items as a table for people, as lines of tab-separated values, or as JSON.</summary>
/// <param name="model">Whose items they are.</param>
/// <param name="names">Display names by item index, or null.</param>
internal sealed class RecommendationOutput(IRecommenderModel model, Func<int, string?>? names)
{
    private const int ReasonsShown = 2;

    public void Write(TextWriter writer, string format, ReadOnlySpan<ScoredItem> items, Func<int, Explanation>? explain)
    {
        switch (format)
        {
            case "json":
                WriteJson(writer, items, explain);
                break;
            case "tsv":
                WriteTsv(writer, items, explain);
                break;
            default:
                WriteTable(writer, items, explain);
                break;
        }
    }

    /// <summary>The strongest reasons for and against, e.g. "+0.31 The Lost Key, −0.08 The Iron Road".</summary>
    public string Reasons(Explanation explanation)
    {
        var positive = explanation.Contributions.Where(c => c.Score > 0).Take(ReasonsShown);
        var negative = explanation.Contributions.Where(c => c.Score < 0).Take(ReasonsShown - 1);
        return string.Join(", ", positive.Concat(negative).Select(c => $"{Signed(c.Score)} {Label(c.Item)}"));
    }

    public string Label(int item) => names?.Invoke(item) ?? model.Items[item];

    private void WriteTable(TextWriter writer, ReadOnlySpan<ScoredItem> items, Func<int, Explanation>? explain)
    {
        List<string> headers = [">#", "item", ">score"];
        if (names is not null)
        {
            headers.Insert(2, "name");
        }

        if (explain is not null)
        {
            headers.Add("because");
        }

        var table = new TextTable([.. headers]);
        for (int r = 0; r < items.Length; r++)
        {
            List<string> cells = [(r + 1).ToString(CultureInfo.InvariantCulture), model.Items[items[r].Item], Number(items[r].Score)];
            if (names is not null)
            {
                cells.Insert(2, names(items[r].Item) ?? "");
            }

            if (explain is not null)
            {
                cells.Add(Reasons(explain(items[r].Item)));
            }

            table.Add([.. cells]);
        }

        table.Write(writer);
    }

    private void WriteTsv(TextWriter writer, ReadOnlySpan<ScoredItem> items, Func<int, Explanation>? explain)
    {
        foreach (var item in items)
        {
            writer.Write($"{model.Items[item.Item]}\t{item.Score.ToString("R", CultureInfo.InvariantCulture)}");
            writer.WriteLine(explain is null ? "" : $"\t{Reasons(explain(item.Item))}");
        }
    }

    private void WriteJson(TextWriter writer, ReadOnlySpan<ScoredItem> items, Func<int, Explanation>? explain)
    {
        var array = new JsonArray();
        foreach (var item in items)
        {
            var entry = new JsonObject { ["id"] = model.Items[item.Item], ["score"] = item.Score };
            if (names?.Invoke(item.Item) is { } name)
            {
                entry["name"] = name;
            }

            if (explain is not null)
            {
                var explanation = explain(item.Item);
                entry["baseline"] = explanation.Baseline;
                entry["reasons"] = new JsonArray([.. explanation.Contributions.Select(c =>
                    (JsonNode)new JsonObject { ["id"] = model.Items[c.Item], ["contribution"] = c.Score })]);
            }

            array.Add((JsonNode)entry);
        }

        var options = new JsonSerializerOptions { WriteIndented = true, Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
        writer.WriteLine(new JsonObject { ["model"] = model.Algorithm, ["items"] = array }.ToJsonString(options));
    }

    private static string Number(float score) => score.ToString("0.0000", CultureInfo.InvariantCulture);

    private static string Signed(float score) => score.ToString("+0.000;−0.000", CultureInfo.InvariantCulture);
}
