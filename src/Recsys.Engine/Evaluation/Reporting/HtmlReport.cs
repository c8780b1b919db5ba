using System.Globalization;
using System.Text;

namespace Recsys.Engine.Evaluation.Reporting;

/// <summary>
/// Writes an evaluation as one self-contained HTML file: tables and inline SVG charts, light or dark as the reader's
/// system is. It asks no host and runs no script; every chart has its numbers beneath it. It is well-formed XML too.
/// </summary>
public static class HtmlReport
{
    /// <summary>Writes the report as UTF-8.</summary>
    public static void Write(ReportData data, Stream stream) => stream.Write(Encoding.UTF8.GetBytes(Render(data)));

    /// <summary>Writes the report to a file, which is replaced if it exists.</summary>
    /// <exception cref="RecsysException">The file cannot be written.</exception>
    public static void WriteFile(ReportData data, string path) => OutputFile.Write(path, stream => Write(data, stream));

    /// <summary>The report as text.</summary>
    public static string Render(ReportData data)
    {
        if (data.Runs.Count == 0)
        {
            throw new RecsysException("report: there is no evaluated model to show");
        }

        var markup = Begin(data.Title);
        Header(markup, data);
        markup.Open("main");
        Section(markup, "Metrics");
        if (data.Runs.Count >= ManyModelTables.Least)
        {
            ManyModelTables.Metrics(markup, data.Runs);
        }
        else
        {
            ReportTables.Metrics(markup, data.Runs);
        }

        if (data.Comparisons.Count >= ManyModelTables.Least - 1 && data.Comparisons.All(c => c.Baseline == data.Comparisons[0].Baseline))
        {
            Section(markup, "Comparison");
            ManyModelTables.Comparisons(markup, data.Comparisons);
        }
        else if (data.Comparisons.Count > 0)
        {
            Section(markup, "Comparison");
            foreach (var comparison in data.Comparisons)
            {
                ReportTables.Comparison(markup, comparison);
            }
        }

        ReportCharts.ByCutoff(markup, data.Runs);
        ReportCharts.ByBand(markup, data.Runs);
        ReportCharts.Training(markup, data.Runs);
        Section(markup, "Runs");
        ReportTables.Runs(markup, data.Runs);
        markup.Open("footer").Element(
            "p",
            "For each user all items not in the history are ranked, ties in item order, and the first K compared with the held-out items. Averages are over users with at least one held-out item.",
            ("class", "note")).Close();
        return markup.Close().Close().Close().ToString();
    }

    /// <summary>A page up to its open body.</summary>
    internal static MarkupWriter Begin(string title)
    {
        var markup = new MarkupWriter();
        return markup.Raw("<!DOCTYPE html>\n").Open("html", ("lang", "en")).Open("head")
            .Empty("meta", ("charset", "utf-8"))
            .Empty("meta", ("name", "viewport"), ("content", "width=device-width, initial-scale=1"))
            .Element("title", title)
            .Open("style").Raw(ReportStyle.Css).Close()
            .Close().Open("body");
    }

    /// <summary>A section's heading.</summary>
    internal static void Section(MarkupWriter markup, string title) => markup.Element("h2", title);

    private static void Header(MarkupWriter markup, ReportData data)
    {
        var first = data.Runs[0];
        string created = data.Created is { } at ? $" · {at.ToString("yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture)}" : "";
        markup.Open("header").Element("h1", data.Title)
            .Element(
                "p",
                $"{string.Join(", ", data.Runs.Select(r => r.Model))} on {string.Join(", ", data.Runs.Select(r => r.Dataset).Distinct())}{created}",
                ("class", "lead"))
            .Open("dl", ("class", "facts"));
        Fact(markup, "Users evaluated", Numbers.Count(first.Result.Users));
        Fact(markup, "Held-out items", Numbers.Count(first.Result.HeldOut));
        Fact(markup, "Catalogue", Numbers.Count(first.Result.Bands.Sum(b => (long)b.Items)));
        Fact(markup, "Interactions", Numbers.Count(first.Result.Bands.Sum(b => b.TrainingInteractions)));
        if (data.Runs.Count == 1)
        {
            Fact(markup, "Training", Numbers.Seconds(first.FitSeconds));
            Fact(markup, "Evaluation", Numbers.Seconds(first.EvaluateSeconds));
            if (first.PeakRssBytes > 0)
            {
                Fact(markup, "Peak memory", Numbers.Bytes(first.PeakRssBytes));
            }
        }

        markup.Close().Close();
    }

    /// <summary>A figure with its name, in the header's list.</summary>
    internal static void Fact(MarkupWriter markup, string name, string value) =>
        markup.Open("div").Element("dt", name).Element("dd", value).Close();
}
