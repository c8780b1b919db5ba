namespace Recsys.Engine.Evaluation.Reporting;

/// <summary>The tables of a report of many models: a row each.</summary>
internal static class ManyModelTables
{
    /// <summary>From so many models on a row each reads better than a column each.</summary>
    public const int Least = 5;

    /// <summary>All metrics of all models, with their intervals; the best of each column is bold.</summary>
    public static void Metrics(MarkupWriter markup, IReadOnlyList<EvaluationRun> runs)
    {
        Metric[] metrics = [.. runs.SelectMany(r => r.Result.Metrics.Select(m => m.Metric)).Distinct()];
        double[] best = Array.ConvertAll(metrics, m => m.IsAccuracy ? runs.Max(r => Find(r, m)?.Value ?? double.NegativeInfinity) : double.NaN);
        var options = runs[0].Result.Options;
        markup.Open("div", ("class", "card scroll")).Open("table");
        if (options.Resamples > 0)
        {
            string interval = Numbers.Percent(options.Confidence).Replace(".0", "", StringComparison.Ordinal) + " interval";
            markup.Element("caption", $"Means over users, below them the {interval}; {Numbers.Count(options.Resamples)} bootstrap resamples of the users.");
        }

        ReportTables.Head(markup, ["Model", .. metrics.Select(m => m.ToString()), "Training", "Peak memory"]);
        markup.Open("tbody");
        foreach (var run in runs)
        {
            markup.Open("tr").Element("th", run.Model, ("scope", "row"));
            for (int m = 0; m < metrics.Length; m++)
            {
                var value = Find(run, metrics[m]);
                markup.Open("td").Element("span", Numbers.Metric(value?.Value ?? double.NaN), ("class", value?.Value == best[m] ? "best" : "figure"));
                if (value?.Confidence is { } ends)
                {
                    markup.Element("span", $"{Numbers.Metric(ends.Low)} – {Numbers.Metric(ends.High)}", ("class", "ci"));
                }

                markup.Close();
            }

            markup.Element("td", Numbers.Seconds(run.FitSeconds)).Element("td", Numbers.Bytes(run.PeakRssBytes)).Close();
        }

        markup.Close().Close().Close();
    }

    /// <summary>Comparisons with one and the same model in one table.</summary>
    public static void Comparisons(MarkupWriter markup, IReadOnlyList<ReportComparison> comparisons)
    {
        Metric[] metrics = [.. comparisons[0].Metrics.Select(m => m.Metric)];
        markup.Open("div", ("class", "card scroll")).Open("table")
            .Element("caption", $"Differences from {comparisons[0].Baseline}, paired over users, with their intervals; p is two-sided.");
        ReportTables.Head(markup, ["Model", .. metrics.SelectMany(m => new[] { m.ToString(), "p" })]);
        markup.Open("tbody");
        foreach (var comparison in comparisons)
        {
            markup.Open("tr").Element("th", comparison.Candidate, ("scope", "row"));
            foreach (var metric in comparison.Metrics)
            {
                markup.Open("td").Element("span", ReportTables.Signed(metric.Difference), ("class", "figure"))
                    .Element("span", $"{ReportTables.Signed(metric.Confidence.Low)} – {ReportTables.Signed(metric.Confidence.High)}", ("class", "ci")).Close()
                    .Element("td", Numbers.PValue(metric.PValue));
            }

            markup.Close();
        }

        markup.Close().Close().Close();
    }

    private static MetricValue? Find(EvaluationRun run, Metric metric) => run.Result.Metrics.FirstOrDefault(m => m.Metric == metric);
}
