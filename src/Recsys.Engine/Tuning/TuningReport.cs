using System.Globalization;
using System.Text;
using Recsys.Engine.Evaluation;
using Recsys.Engine.Evaluation.Reporting;

namespace Recsys.Engine.Tuning;

/// <summary>
/// A search as one self-contained HTML file: how the best value rose, the value by each option, and everything tried.
/// </summary>
public static class TuningReport
{
    /// <summary>Writes the report to a file, which is replaced if it exists.</summary>
    /// <exception cref="RecsysException">The file cannot be written.</exception>
    public static void WriteFile(
        TuningResult result, IReadOnlyList<ModelSearch> searches, string dataset, string command, DateTimeOffset created, string path)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(Render(result, searches, dataset, command, created));
        OutputFile.Write(path, stream => stream.Write(bytes));
    }

    /// <summary>The report as text; it is well-formed XML too.</summary>
    public static string Render(
        TuningResult result, IReadOnlyList<ModelSearch> searches, string dataset, string command, DateTimeOffset created)
    {
        var markup = HtmlReport.Begin($"Search on {dataset}");
        markup.Open("header").Element("h1", $"Search on {dataset}")
            .Element("p", $"{result.Metric} on the validation part · {created.ToString("yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture)}", ("class", "lead"))
            .Open("dl", ("class", "facts"));
        HtmlReport.Fact(markup, "Best", result.Best is null ? "–" : Numbers.Metric(result.Best.Value));
        HtmlReport.Fact(markup, "Configurations", Numbers.Count(result.Trials.Select(t => t.Number).Distinct().Count()));
        HtmlReport.Fact(markup, "Trainings", Numbers.Count(result.Trials.Count));
        HtmlReport.Fact(markup, "Time", Numbers.Seconds(result.Seconds));
        markup.Close().Close().Open("main");
        HtmlReport.Section(markup, "Best");
        Best(markup, result, command);
        HtmlReport.Section(markup, "Progress");
        markup.Open("div", ("class", "charts"));
        Progress(markup, result);
        markup.Close();
        foreach (var search in searches.Where(s => result.Trials.Any(t => t.Model == s.Algorithm.Name)))
        {
            HtmlReport.Section(markup, $"Options of {search.Algorithm.Name}");
            markup.Open("div", ("class", "charts"));
            foreach (var dimension in search.Dimensions.Where(d => !d.Range.IsFixed))
            {
                ByOption(markup, result, search, dimension);
            }

            markup.Close();
        }

        HtmlReport.Section(markup, "Trainings");
        All(markup, result);
        return markup.Close().Close().Close().ToString();
    }

    private static void Best(MarkupWriter markup, TuningResult result, string command)
    {
        markup.Open("div", ("class", "card scroll")).Open("table").Element("caption", command);
        ReportTables.Head(markup, ["Model", result.Metric.ToString(), "±", "Items", "Options"]);
        markup.Open("tbody");
        foreach (var best in result.BestOfEach)
        {
            ReportTables.Row(markup, best.Model, [Numbers.Metric(best.Value), Numbers.Metric(best.StandardError), Items(best), best.CommandLine]);
        }

        markup.Close().Close().Close();
    }

    private static void Progress(MarkupWriter markup, TuningResult result)
    {
        var lines = new List<LineChart.Line>();
        foreach (var group in result.Trials.Where(t => !double.IsNaN(t.Value)).GroupBy(t => (t.Model, t.Items)))
        {
            double best = double.NegativeInfinity;
            var points = group.GroupBy(t => t.Number).Select(g => (g.Key, best = Math.Max(best, g.Max(t => t.Value)))).ToList();
            string name = group.Key.Items is { } items ? $"{group.Key.Model}, {Numbers.Count(items)} items" : group.Key.Model;
            lines.Add(new LineChart.Line(name, lines.Count, points));
        }

        markup.Open("figure", ("class", "card")).Open("figcaption").Element("h3", "Best so far").Close();
        new LineChart($"Best {result.Metric} by configuration", "configuration", lines) { FromZero = false }.Render(markup);
        markup.Close();
    }

    private static void ByOption(MarkupWriter markup, TuningResult result, ModelSearch search, SearchDimension dimension)
    {
        var series = new List<ScatterChart.Points>();
        var trials = result.Trials.Where(t => t.Model == search.Algorithm.Name);
        foreach (var group in trials.GroupBy(t => (t.Rung, t.Items)).OrderBy(g => g.Key.Rung))
        {
            var points = group.Where(t => t.Options.ContainsKey(dimension.Name))
                .Select(t => (Place(dimension, t.Options[dimension.Name]), t.Value, $"{Numbers.Metric(t.Value)}: {t.CommandLine}")).ToList();
            series.Add(new ScatterChart.Points(Rung(search, group.Key.Rung, group.Key.Items), series.Count, points));
        }

        markup.Open("figure", ("class", "card")).Open("figcaption").Element("h3", dimension.Name).Close();
        string title = IsNumeric(dimension) ? dimension.Name : string.Join(", ", dimension.Range.Choices.Select((c, i) => $"{i + 1}: {c}"));
        new ScatterChart($"{result.Metric} by {dimension.Name}", title, series)
        {
            Logarithmic = dimension.Range.IsSpan && dimension.Range.Logarithmic,
        }.Render(markup);
        markup.Close();
    }

    private static string Rung(ModelSearch search, int rung, int? items) => items is { } count
        ? $"{Numbers.Count(count)} items"
        : search.Iterations.Count > rung ? $"{search.Iterations[rung]} iterations" : "all items";

    private static bool IsNumeric(SearchDimension dimension) =>
        dimension.Range.IsSpan || dimension.Range.Choices.All(c => double.TryParse(c, NumberStyles.Float, CultureInfo.InvariantCulture, out _));

    private static double Place(SearchDimension dimension, string value) => IsNumeric(dimension)
        ? double.TryParse(value, NumberStyles.Float, CultureInfo.InvariantCulture, out double number) ? number : double.NaN
        : dimension.Range.Choices.ToList().IndexOf(value) + 1;

    private static void All(MarkupWriter markup, TuningResult result)
    {
        markup.Open("div", ("class", "card scroll")).Open("table").Element("caption", "The best first; trainings on few items or iterations are early rungs of the search.");
        ReportTables.Head(markup, ["Trial", result.Metric.ToString(), "±", "Items", "Training", "Options"]);
        markup.Open("tbody");
        foreach (var trial in TuningResult.Ranked(result.Trials))
        {
            ReportTables.Row(
                markup,
                trial.Number.ToString(CultureInfo.InvariantCulture),
                [Numbers.Metric(trial.Value), Numbers.Metric(trial.StandardError), Items(trial), Numbers.Seconds(trial.FitSeconds), trial.Error ?? trial.CommandLine]);
        }

        markup.Close().Close().Close();
    }

    private static string Items(Trial trial) => trial.Items is { } items ? Numbers.Count(items) : "all";
}
