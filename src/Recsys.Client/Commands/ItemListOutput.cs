using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Recsys.Cli.Output;
using Recsys.Engine.Serving;

namespace Recsys.Client.Commands;

/// <summary>Ranked items as a table for people, as lines of tab-separated values, or as JSON.</summary>
internal static class ItemListOutput
{
    private const int ReasonsShown = 3;

    public static void Write(TextWriter writer, string format, RecommendationList list)
    {
        switch (format)
        {
            case "json":
                WriteJson(writer, list);
                break;
            case "tsv":
                foreach (var item in list.Items)
                {
                    writer.WriteLine($"{item.Id}\t{item.Score.ToString("R", CultureInfo.InvariantCulture)}");
                }

                break;
            default:
                WriteTable(writer, list);
                break;
        }
    }

    private static void WriteTable(TextWriter writer, RecommendationList list)
    {
        bool reasons = list.Items.Any(i => i.Reasons is { Count: > 0 });
        bool names = list.Items.Any(i => i.Name is not null);
        var table = new TextTable([">#", "item", .. names ? ["name"] : Array.Empty<string>(), ">score", .. reasons ? ["because"] : Array.Empty<string>()]);
        for (int r = 0; r < list.Items.Count; r++)
        {
            var item = list.Items[r];
            List<string> cells = [(r + 1).ToString(CultureInfo.InvariantCulture), item.Id];
            if (names)
            {
                cells.Add(item.Name ?? "");
            }

            cells.Add(item.Score.ToString("0.0000", CultureInfo.InvariantCulture));
            if (reasons)
            {
                cells.Add(string.Join(", ", (item.Reasons ?? []).Take(ReasonsShown).Select(
                    x => $"{x.Contribution.ToString("+0.000;−0.000", CultureInfo.InvariantCulture)} {x.Name ?? x.Item}")));
            }

            table.Add([.. cells]);
        }

        table.Write(writer);
        writer.WriteLine($"{list.Model} {list.Version}");
    }

    private static void WriteJson(TextWriter writer, RecommendationList list)
    {
        var items = new JsonArray([.. list.Items.Select(item =>
        {
            var entry = new JsonObject { ["id"] = item.Id, ["score"] = item.Score };
            if (item.Name is not null)
            {
                entry["name"] = item.Name;
            }

            if (item.Reasons is { Count: > 0 } reasons)
            {
                entry["reasons"] = new JsonArray([.. reasons.Select(r => (JsonNode)new JsonObject { ["item"] = r.Item, ["contribution"] = r.Contribution })]);
            }

            return (JsonNode)entry;
        })]);
        var options = new JsonSerializerOptions { WriteIndented = true, Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
        writer.WriteLine(new JsonObject { ["model"] = list.Model, ["version"] = list.Version, ["fallback"] = list.Fallback, ["items"] = items }.ToJsonString(options));
    }
}
