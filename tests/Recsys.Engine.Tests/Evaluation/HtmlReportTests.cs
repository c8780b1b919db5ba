using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using System.Xml;
using System.Xml.Linq;
using Recsys.Engine.Evaluation;
using Recsys.Engine.Evaluation.Reporting;

namespace Recsys.Engine.Tests.Evaluation;

public sealed partial class HtmlReportTests
{
    private static readonly XNamespace Svg = "http://www.w3.org/2000/svg";

    [Fact]
    public void One_model_gives_a_well_formed_page_with_all_its_charts()
    {
        var page = Parse(Full());
        string[] headings = [.. page.Descendants("h2").Select(h => h.Value)];
        Assert.Equal(["Metrics", "By cutoff K", "By popularity", "Training", "Runs"], headings);
        var captions = page.Descendants("figcaption").Select(f => f.Element("h3")!.Value).ToList();
        Assert.Contains("recall@K", captions);
        Assert.Contains("ndcg@K", captions);
        Assert.Contains("recall@5 by band", captions);
        Assert.Contains("ndcg@10 by band", captions);
        Assert.Contains("Where the recommendations go", captions);
        Assert.Contains("Loss of ease", captions);
        Assert.Contains("Item-item weights of ease", captions);
    }

    [Fact]
    public void Every_chart_says_what_it_shows_and_has_its_numbers_as_a_table()
    {
        var page = Parse(Full());
        foreach (var figure in page.Descendants("figure"))
        {
            var chart = figure.Elements(Svg + "svg").Single();
            Assert.Equal("img", (string?)chart.Attribute("role"));
            Assert.NotEmpty((string?)chart.Attribute("aria-label") ?? "");
            Assert.NotEmpty(figure.Descendants("details").Single().Descendants("tbody").Single().Elements("tr"));
        }

        Assert.True(page.Descendants("figure").Count() >= 7);
    }

    [Fact]
    public void The_table_has_every_metric_with_its_interval()
    {
        var data = Full();
        var table = Parse(data).Descendants("table").First();
        var rows = table.Element("tbody")!.Elements("tr").ToList();
        Assert.Equal(data.Runs[0].Result.Metrics.Count, rows.Count);
        foreach (var (row, metric) in rows.Zip(data.Runs[0].Result.Metrics))
        {
            Assert.StartsWith(metric.Metric.ToString(), row.Element("th")!.Value, StringComparison.Ordinal);
            Assert.Contains(metric.Value.ToString("F4", CultureInfo.InvariantCulture), row.Element("td")!.Value, StringComparison.Ordinal);
            if (metric.Confidence is { } interval)
            {
                Assert.Contains(interval.Low.ToString("F4", CultureInfo.InvariantCulture), row.Elements("td").Last().Value, StringComparison.Ordinal);
                Assert.Contains(interval.High.ToString("F4", CultureInfo.InvariantCulture), row.Elements("td").Last().Value, StringComparison.Ordinal);
            }
        }
    }

    [Fact]
    public void The_page_stands_alone()
    {
        string html = HtmlReport.Render(Full());
        Assert.DoesNotContain("<script", html, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("url(", html, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("@import", html, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain(" src=", html, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain(" href=", html, StringComparison.OrdinalIgnoreCase);
        Assert.Empty(Address().Matches(html.Replace(Svg.NamespaceName, "", StringComparison.Ordinal)));
        Assert.Contains("prefers-color-scheme: dark", html, StringComparison.Ordinal);
    }

    [Fact]
    public void Only_elements_without_contents_close_themselves()
    {
        // a browser takes <td/> for an opening tag
        string html = HtmlReport.Render(Full());
        Assert.All(
            SelfClosed().Matches(html).Select(m => m.Groups[1].Value).Distinct(),
            name => Assert.Contains(name, new[] { "meta", "line", "rect", "circle", "polyline", "polygon" }));
    }

    [Fact]
    public void Everything_said_by_others_is_escaped()
    {
        const string Evil = "</title><script>alert('x')</script> & \"q\" \u0000\u0008\ud800 ünï";
        var run = SampleRuns.One(Evil) with
        {
            Dataset = Evil,
            Options = new JsonObject { [Evil] = Evil, ["list"] = new JsonArray("<b>", 1) },
            Losses = [2, 1],
            Weights = new WeightHistogram([-1, 0, 1], [2, 3], 0.4),
        };
        var data = new ReportData(Evil, [run])
        {
            Comparisons = [new ReportComparison(Evil, Evil, PairedComparison.Compare(run.Result, run.Result, run.Result.Options))],
        };
        string html = HtmlReport.Render(data);
        Assert.DoesNotContain("<script", html, StringComparison.OrdinalIgnoreCase);
        var page = Parse(data);
        const string Shown = "</title><script>alert('x')</script> & \"q\" \uFFFD\uFFFD\uFFFD ünï";
        Assert.Equal(Shown, page.Descendants("h1").Single().Value);
        Assert.Equal(Shown, page.Descendants("title").First().Value);
    }

    [Fact]
    public void Several_models_share_the_charts_and_the_best_stand_out()
    {
        var runs = new[] { SampleRuns.One("popularity", 0), SampleRuns.One("als", 0.4), SampleRuns.One("ease", 0.8) };
        var data = new ReportData("Three models", runs)
        {
            Comparisons = [new ReportComparison("popularity", "ease", PairedComparison.Compare(runs[0].Result, runs[2].Result, new EvaluationOptions()))],
        };
        var page = Parse(data);
        var recall = page.Descendants("figure").First(f => f.Descendants("h3").First().Value == "recall@K");
        Assert.Equal(3, recall.Descendants(Svg + "polyline").Count());
        Assert.Equal(["popularity", "als", "ease"], recall.Descendants("li").Select(l => l.Value.Trim()));
        var row = page.Descendants("table").First().Element("tbody")!.Elements("tr").First();
        Assert.Equal("ease", page.Descendants("table").First().Descendants("th").Where(t => t.Parent!.Parent!.Name == "thead").ElementAt(3).Value);
        Assert.Equal(["figure", "figure", "best"], row.Elements("td").Select(d => (string?)d.Elements("span").First().Attribute("class")));
        Assert.Contains("Comparison", page.Descendants("h2").Select(h => h.Value));
    }

    [Fact]
    public void Lines_and_bars_stand_where_their_values_are()
    {
        var markup = new MarkupWriter();
        new LineChart("test", "K", [new LineChart.Line("a", 0, [(1, 0.0), (10, 0.5), (100, 1.0)])]) { Logarithmic = true }.Render(markup);
        var line = XElement.Parse(markup.ToString()).Descendants(Svg + "polyline").Single();
        var points = ((string)line.Attribute("points")!).Split(' ').Select(p => p.Split(',').Select(v => double.Parse(v, CultureInfo.InvariantCulture)).ToArray()).ToArray();
        Assert.Equal((points[0][0] + points[2][0]) / 2, points[1][0], 0.02);
        Assert.Equal((points[0][1] + points[2][1]) / 2, points[1][1], 0.02);
        Assert.Equal(ChartFrame.Bottom, points[0][1], 0.02);

        markup = new MarkupWriter();
        new BarChart("test", "band", ["x", "y", "z"], [new BarChart.Bars("a", 0, [0.2, 0.4, double.NaN], [new Interval(0.1, 0.3, 0.05), null, null])]).Render(markup);
        var bars = XElement.Parse(markup.ToString()).Descendants(Svg + "rect").Select(r => double.Parse((string)r.Attribute("height")!, CultureInfo.InvariantCulture)).ToArray();
        Assert.Equal(2, bars.Length);
        Assert.Equal(2, bars[1] / bars[0], 0.01);
        Assert.Equal(3, XElement.Parse(markup.ToString()).Descendants(Svg + "line").Count(l => (string?)l.Attribute("class") == "error"));
    }

    [Fact]
    public void Outer_bins_that_hold_what_lies_beyond_say_so()
    {
        var weights = new WeightHistogram([-0.2, -0.1, 0, 0.1, 0.2], [10, 100, 70, 3], 0.6);
        Assert.Equal("−0.2 to −0.1", HistogramChart.Range(weights, 0));
        Assert.Equal("below −0.1", HistogramChart.Range(weights with { OpenEnded = true }, 0));
        Assert.Equal("−0.1 to 0", HistogramChart.Range(weights with { OpenEnded = true }, 1));
        Assert.Equal("0.1 and above", HistogramChart.Range(weights with { OpenEnded = true }, 3));
        var markup = new MarkupWriter();
        markup.Open("div");
        new HistogramChart("test", weights with { OpenEnded = true }).Render(markup);
        var drawn = XElement.Parse(markup.Close().ToString());
        Assert.Equal(["negative beyond", "negative", "positive", "positive beyond"], drawn.Descendants(Svg + "g").Select(g => (string)g.Attribute("class")!));
        Assert.Contains("negative 60.0 %", drawn.Descendants("li").Select(l => l.Value.Trim()));
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(0, 1)]
    [InlineData(0, 0.0003)]
    [InlineData(5, 5)]
    [InlineData(-3, 1e7)]
    [InlineData(123456, 123457)]
    [InlineData(-0.2, 0.5)]
    public void Linear_axes_hold_their_values_and_have_a_few_distinct_ticks(double low, double high)
    {
        var axis = Axis.Linear(low, high, 200, 0);
        Assert.InRange(axis.At(low), -0.001, 200.001);
        Assert.InRange(axis.At(high), -0.001, 200.001);
        Assert.InRange(axis.Ticks.Count, 2, 12);
        Assert.True(axis.Ticks.All(t => t.Label.Length <= 9), string.Join(' ', axis.Ticks.Select(t => t.Label)));
        Assert.Equal(axis.Ticks.Count, axis.Ticks.Select(t => t.Label).Distinct().Count());
    }

    [Fact]
    public void Odd_cases_are_drawn_too()
    {
        var one = SampleRuns.One("one", metrics: "recall@5") with
        {
            Losses = [double.NaN, double.PositiveInfinity],
            Weights = new WeightHistogram([0, 1], [0], 0, 1),
        };
        _ = Parse(new ReportData("odd", [one]));
        _ = Parse(new ReportData("no accuracy metric", [SampleRuns.One("one", metrics: "coverage@5")]));
        _ = Parse(new ReportData("many models", [.. Enumerable.Range(0, 9).Select(i => SampleRuns.One($"model {i}"))]));
        Assert.Throws<RecsysException>(() => HtmlReport.Render(new ReportData("none", [])));
    }

    private static ReportData Full()
    {
        var run = SampleRuns.One("ease") with
        {
            ReadSeconds = 0.5,
            FitSeconds = 12,
            PeakRssBytes = 800L << 20,
            Losses = [123456, 98765, 91234.5, 90001],
            Weights = new WeightHistogram([-0.2, -0.1, 0, 0.1, 0.2], [10, 100_000, 70_000, 3], 0.58),
        };
        return new ReportData("ease on sample", [run]) { Created = new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero) };
    }

    private static XElement Parse(ReportData data)
    {
        using var reader = XmlReader.Create(
            new StringReader(HtmlReport.Render(data)), new XmlReaderSettings { DtdProcessing = DtdProcessing.Ignore, XmlResolver = null });
        return XElement.Load(reader);
    }

    [GeneratedRegex("https?:|//[a-z]", RegexOptions.IgnoreCase)]
    private static partial Regex Address();

    [GeneratedRegex("<([a-zA-Z0-9]+)[^<>]*/>")]
    private static partial Regex SelfClosed();
}
