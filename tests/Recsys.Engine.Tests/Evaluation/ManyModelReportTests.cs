using System.Globalization;
using System.Xml.Linq;
using Recsys.Engine.Evaluation;
using Recsys.Engine.Evaluation.Reporting;

namespace Recsys.Engine.Tests.Evaluation;

public sealed class ManyModelReportTests
{
    [Fact]
    public void Many_models_have_a_row_each_and_one_table_of_comparisons()
    {
        EvaluationRun[] runs = [.. Enumerable.Range(0, 5).Select(i => SampleRuns.One($"model {i}", 0.1 + (0.2 * i), users: 20))];
        ReportComparison[] comparisons =
        [
            .. runs[1..].Select(r => new ReportComparison("model 0", r.Model, PairedComparison.Compare(runs[0].Result, r.Result, new EvaluationOptions { Resamples = 50 }))),
        ];
        var page = Parse(new ReportData("many", runs) { Comparisons = comparisons });
        var tables = page.Descendants("table").Take(2).ToList();
        Assert.Equal(runs.Select(r => r.Model), Names(tables[0]));
        Assert.Equal(runs[1..].Select(r => r.Model), Names(tables[1]));
        var first = tables[0].Element("tbody")!.Elements("tr").First().Elements("td").First();
        Assert.Contains(runs[0].Result.Metrics[0].Value.ToString("F4", CultureInfo.InvariantCulture), first.Value, StringComparison.Ordinal);
        var best = tables[0].Descendants("span").First(s => (string?)s.Attribute("class") == "best");
        Assert.Equal(runs.Max(r => r.Result.Metrics[0].Value).ToString("F4", CultureInfo.InvariantCulture), best.Value);
        var difference = tables[1].Element("tbody")!.Elements("tr").Last().Elements("td").First();
        Assert.Contains(comparisons[^1].Metrics[0].Difference.ToString("F4", CultureInfo.InvariantCulture), difference.Value, StringComparison.Ordinal);
    }

    private static IEnumerable<string> Names(XElement table) => table.Element("tbody")!.Elements("tr").Select(r => r.Element("th")!.Value);

    private static XElement Parse(ReportData data) =>
        XElement.Parse(HtmlReport.Render(data).Replace("<!DOCTYPE html>", "", StringComparison.Ordinal));
}
