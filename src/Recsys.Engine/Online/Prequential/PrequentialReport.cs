using System.Globalization;
using Recsys.Engine.Evaluation;
using Recsys.Engine.Evaluation.Reporting;

namespace Recsys.Engine.Online.Prequential;

/// <summary>A replay as one self-contained HTML file: tables, curves by time, bars by popularity band.</summary>
public static class PrequentialReport
{
    private const int LinesShown = 6;

    /// <summary>Writes the report to a file, which is replaced if it exists.</summary>
    /// <exception cref="RecsysException">The file cannot be written.</exception>
    public static void WriteFile(PrequentialResult result, string path) =>
        OutputFile.Write(path, stream => stream.Write(System.Text.Encoding.UTF8.GetBytes(Render(result))));

    /// <summary>The report as text.</summary>
    public static string Render(PrequentialResult result)
    {
        ArgumentNullException.ThrowIfNull(result);
        string title = $"Replay of {result.Dataset}";
        var markup = new MarkupWriter();
        markup.Raw("<!DOCTYPE html>\n").Open("html", ("lang", "en")).Open("head")
            .Empty("meta", ("charset", "utf-8"))
            .Empty("meta", ("name", "viewport"), ("content", "width=device-width, initial-scale=1"))
            .Element("title", title)
            .Open("style").Raw(ReportStyle.Css).Close()
            .Close().Open("body");
        Header(markup, title, result);
        markup.Open("main");
        HtmlReport.Section(markup, "Metrics");
        Table(markup, result);
        if (result.Strategies.Any(s => s.Gains.Count > 0))
        {
            HtmlReport.Section(markup, $"Gain over {result.Strategies[0].Strategy}");
            Gains(markup, result);
        }

        HtmlReport.Section(markup, "Over time");
        markup.Open("div", ("class", "charts"));
        foreach (int metric in Shown(result))
        {
            foreach (var group in result.Strategies.Index().Chunk(LinesShown))
            {
                OverTime(markup, result, metric, group);
            }
        }

        markup.Close();
        HtmlReport.Section(markup, "By popularity");
        markup.Element(
            "p",
            "Bands are thirds of the training interactions by the popularity of their items; new are items without any.",
            ("class", "note"));
        markup.Open("div", ("class", "charts"));
        foreach (int metric in Shown(result))
        {
            foreach (var group in result.Strategies.Index().Chunk(LinesShown))
            {
                ByBand(markup, result, metric, group);
            }
        }

        markup.Close();
        markup.Open("footer").Element(
            "p",
            "Each event is scored before it is learned: all items that the user does not have are ranked, ties in item order, and the rank of the one that the user took is noted. Means are over events; intervals come from drawing users with all their events.",
            ("class", "note")).Close();
        return markup.Close().Close().Close().ToString();
    }

    // A recall or hit rate and an ndcg tell most.
    private static IEnumerable<int> Shown(PrequentialResult result)
    {
        var metrics = result.Options.Metrics;
        return new[]
        {
            metrics.Index().Where(m => m.Item.Kind is MetricKind.Recall or MetricKind.HitRate or MetricKind.RecallFull).Select(m => m.Index).LastOrDefault(-1),
            metrics.Index().Where(m => m.Item.Kind == MetricKind.Ndcg).Select(m => m.Index).LastOrDefault(-1),
        }.Where(m => m >= 0).DefaultIfEmpty(0).Distinct();
    }

    private static void Header(MarkupWriter markup, string title, PrequentialResult result)
    {
        markup.Open("header").Element("h1", title)
            .Element("p", "Prequential evaluation: score, then learn", ("class", "lead"))
            .Open("dl", ("class", "facts"));
        foreach (var (name, count) in new[]
        {
            ("Trained on", result.TrainEvents), ("Streamed", result.Events), ("Scored", result.Scored), ("Users", result.Users), ("Items", result.Items),
        })
        {
            markup.Open("div").Element("dt", name).Element("dd", Numbers.Count(count)).Close();
        }

        markup.Close().Close();
    }

    private static void Table(MarkupWriter markup, PrequentialResult result)
    {
        markup.Open("div", ("class", "card scroll")).Open("table");
        Head(markup, ["Strategy", .. result.Options.Metrics.Select(m => m.ToString()), "events/s", "learned/s"]);
        markup.Open("tbody");
        double[] best = [.. result.Options.Metrics.Select((_, m) => result.Strategies.Max(s => s.Metrics[m].Value))];
        foreach (var strategy in result.Strategies)
        {
            markup.Open("tr").Element("th", strategy.Strategy, ("scope", "row"));
            foreach (var (m, value) in strategy.Metrics.Index())
            {
                markup.Open("td").Element("span", Numbers.Metric(value.Value), ("class", value.Value == best[m] ? "best" : "figure"));
                if (value.Confidence is { } ends)
                {
                    markup.Element("span", $"{Numbers.Metric(ends.Low)} – {Numbers.Metric(ends.High)}", ("class", "ci"));
                }

                markup.Close();
            }

            markup.Element("td", Numbers.Count((long)strategy.EventsPerSecond)).Element("td", Numbers.Count((long)strategy.LearnedPerSecond)).Close();
        }

        markup.Close().Close().Close();
    }

    private static void Gains(MarkupWriter markup, PrequentialResult result)
    {
        markup.Open("div", ("class", "card scroll")).Open("table");
        Head(markup, ["Strategy", .. result.Options.Metrics.Select(m => m.ToString())]);
        markup.Open("tbody");
        foreach (var strategy in result.Strategies.Where(s => s.Gains.Count > 0))
        {
            markup.Open("tr").Element("th", strategy.Strategy, ("scope", "row"));
            foreach (var gain in strategy.Gains)
            {
                markup.Open("td").Element("span", Signed(gain.Value), ("class", "figure"));
                if (gain.Confidence is { } ends)
                {
                    markup.Element("span", $"{Signed(ends.Low)} – {Signed(ends.High)}", ("class", "ci"));
                }

                markup.Close();
            }

            markup.Close();
        }

        markup.Close().Close().Close();
    }

    private static void OverTime(MarkupWriter markup, PrequentialResult result, int metric, (int Index, StrategyResult Item)[] strategies)
    {
        string name = result.Options.Metrics[metric].ToString();
        Figure(markup, $"{name} over time", $"{strategies[0].Item.Strategy} to {strategies[^1].Item.Strategy}, means over 1/{result.Options.Slices} of the events each");
        new LineChart(
            $"{name} over the stream for {string.Join(", ", strategies.Select(s => s.Item.Strategy))}",
            "slice of the stream",
            [.. strategies.Select((s, look) => new LineChart.Line(s.Item.Strategy, look, [.. s.Item.Slices[metric].Select((value, slice) => (slice + 1, value))]))])
            .Render(markup);
        ReportTables.Behind(
            markup,
            ["Slice", "Until", .. strategies.Select(s => s.Item.Strategy)],
            result.SliceTimes.Select((time, slice) => (
                (slice + 1).ToString(CultureInfo.InvariantCulture),
                strategies.Select(s => Numbers.Metric(s.Item.Slices[metric][slice])).Prepend(time.ToString(CultureInfo.InvariantCulture)))));
        markup.Close();
    }

    private static void ByBand(MarkupWriter markup, PrequentialResult result, int metric, (int Index, StrategyResult Item)[] strategies)
    {
        string name = result.Options.Metrics[metric].ToString();
        Figure(markup, $"{name} by popularity", $"{strategies[0].Item.Strategy} to {strategies[^1].Item.Strategy}, by the true item's band");
        new BarChart(
            $"{name} by popularity band for {string.Join(", ", strategies.Select(s => s.Item.Strategy))}",
            "popularity band of the true item",
            PrequentialQuestions.BandNames,
            [
                .. strategies.Select((s, look) => new BarChart.Bars(
                    s.Item.Strategy,
                    look,
                    [.. s.Item.Bands[metric].Select(b => b.Value)],
                    [.. s.Item.Bands[metric].Select(b => b.Confidence)])),
            ]).Render(markup);
        ReportTables.Behind(
            markup,
            ["Band", "Events", .. strategies.Select(s => s.Item.Strategy)],
            PrequentialQuestions.BandNames.Select((band, b) => (
                band,
                strategies.Select(s => Numbers.Metric(s.Item.Bands[metric][b].Value)).Prepend(Numbers.Count(result.Bands[b])))));
        markup.Close();
    }

    private static void Figure(MarkupWriter markup, string title, string text) =>
        markup.Open("figure", ("class", "card")).Open("figcaption").Element("h3", title).Element("p", text).Close();

    private static void Head(MarkupWriter markup, IEnumerable<string> names)
    {
        markup.Open("thead").Open("tr");
        foreach (string name in names)
        {
            markup.Element("th", name, ("scope", "col"));
        }

        markup.Close().Close();
    }

    private static string Signed(double value) => (value > 0 ? "+" : "") + Numbers.Metric(value);
}
