using System.Globalization;

namespace Recsys.Engine.Evaluation.Reporting;

/// <summary>The charts of a report, each with its numbers beneath.</summary>
internal static class ReportCharts
{
    private const int ShownCutoffCharts = 4;

    private static readonly string[] Bands = ["head", "mid", "tail"];

    /// <summary>Each metric kind over K, where it was measured at two cutoffs or more.</summary>
    public static void ByCutoff(MarkupWriter markup, IReadOnlyList<EvaluationRun> runs)
    {
        var kinds = runs.SelectMany(r => Points(r).Select(p => p.Metric.Kind)).Distinct()
            .Where(kind => runs.SelectMany(r => Points(r)).Where(p => p.Metric.Kind == kind).Select(p => p.Metric.K).Distinct().Count() > 1)
            .ToList();
        if (kinds.Count == 0)
        {
            return;
        }

        HtmlReport.Section(markup, "By cutoff K");
        Charts(markup, runs, kinds.Take(ShownCutoffCharts));
        if (kinds.Count > ShownCutoffCharts)
        {
            markup.Open("details").Element("summary", $"{kinds.Count - ShownCutoffCharts} more metrics");
            Charts(markup, runs, kinds.Skip(ShownCutoffCharts));
            markup.Close();
        }
    }

    /// <summary>Two accuracy metrics by popularity band, and where the recommended places go.</summary>
    public static void ByBand(MarkupWriter markup, IReadOnlyList<EvaluationRun> runs)
    {
        HtmlReport.Section(markup, "By popularity");
        var bands = runs[0].Result.Bands;
        markup.Element(
            "p",
            $"Items sorted by their training interactions and cut into thirds of these: head has {Numbers.Count(bands[0].Items)} items, mid {Numbers.Count(bands[1].Items)}, tail {Numbers.Count(bands[2].Items)}. A band's metrics count only its own held-out items, in the ranking of all items.",
            ("class", "note"));
        markup.Open("div", ("class", "charts"));
        var measured = runs[0].Result.Bands[0].Metrics.Select(m => m.Metric).Where(m => runs.All(r => r.Result.Bands[0].Metrics.Any(b => b.Metric == m))).ToList();
        foreach (var metric in measured.Take(1).Concat(measured.Where(m => m.Kind == MetricKind.Ndcg).Take(1)).Distinct())
        {
            Band(markup, runs, metric);
        }

        Exposure(markup, runs);
        markup.Close();
    }

    /// <summary>Losses by iteration, and how the weights of item-item models are spread.</summary>
    public static void Training(MarkupWriter markup, IReadOnlyList<EvaluationRun> runs)
    {
        if (!runs.Any(r => r.Losses.Count > 1 || r.Weights is not null))
        {
            return;
        }

        HtmlReport.Section(markup, "Training");
        markup.Open("div", ("class", "charts"));
        for (int r = 0; r < runs.Count; r++)
        {
            var run = runs[r];
            if (run.Losses.Count > 1)
            {
                Figure(markup, $"Loss of {run.Model}", "Training objective after each iteration");
                new LineChart(
                    $"Loss of {run.Model} over {run.Losses.Count} iterations, from {Numbers.Weight(run.Losses[0])} to {Numbers.Weight(run.Losses[^1])}",
                    "iteration",
                    [new LineChart.Line(run.Model, r, [.. run.Losses.Select((loss, i) => (i + 1, loss))])])
                {
                    FromZero = false,
                    Format = Numbers.Weight,
                }.Render(markup);
                ReportTables.Behind(
                    markup,
                    ["Iteration", "Loss"],
                    run.Losses.Select((loss, i) => ((i + 1).ToString(CultureInfo.InvariantCulture), (IEnumerable<string>)[Numbers.Weight(loss)])));
                EndFigure(markup);
            }

            if (run.Weights is { } weights)
            {
                Weights(markup, run, weights);
            }
        }

        markup.Close();
    }

    private static void Charts(MarkupWriter markup, IReadOnlyList<EvaluationRun> runs, IEnumerable<MetricKind> kinds)
    {
        markup.Open("div", ("class", "charts"));
        foreach (var kind in kinds)
        {
            Cutoffs(markup, runs, kind);
        }

        markup.Close();
    }

    private static void Cutoffs(MarkupWriter markup, IReadOnlyList<EvaluationRun> runs, MetricKind kind)
    {
        var metric = new Metric(kind, 1);
        var lines = runs.Select((run, r) => new LineChart.Line(
            run.Model, r, [.. Points(run).Where(p => p.Metric.Kind == kind).Select(p => (p.Metric.K, p.Value)).Distinct().OrderBy(p => p.K)])).ToList();
        Figure(markup, $"{metric.Name}@K", metric.Description);
        new LineChart($"{metric.Name}@K over K for {Names(runs)}", "K, log scale", lines)
        {
            Logarithmic = true,
            FromZero = kind != MetricKind.Novelty,
        }.Render(markup);
        int[] cutoffs = [.. lines.SelectMany(l => l.Points.Select(p => p.X)).Distinct().Order()];
        ReportTables.Behind(
            markup,
            ["K", .. runs.Select(r => r.Model)],
            cutoffs.Select(k => (
                k.ToString(CultureInfo.InvariantCulture),
                lines.Select(l => Numbers.Metric(l.Points.Where(p => p.X == k).Select(p => p.Y).DefaultIfEmpty(double.NaN).First())))));
        EndFigure(markup);
    }

    private static IEnumerable<MetricValue> Points(EvaluationRun run) => run.Result.Curves.Concat(run.Result.Metrics.Where(m => m.Metric.IsPerUser));

    private static string Names(IReadOnlyList<EvaluationRun> runs) => string.Join(", ", runs.Select(r => r.Model));

    private static void Figure(MarkupWriter markup, string title, string text) =>
        markup.Open("figure", ("class", "card")).Open("figcaption").Element("h3", title).Element("p", text).Close();

    private static void EndFigure(MarkupWriter markup) => markup.Close();

    private static void Band(MarkupWriter markup, IReadOnlyList<EvaluationRun> runs, Metric metric)
    {
        var values = runs.Select(r => r.Result.Bands.Select(b => b.Metrics.First(m => m.Metric == metric)).ToList()).ToList();
        Figure(markup, $"{metric} by band", metric.Description + (runs[0].Result.Options.Resamples > 0 ? ", with confidence intervals" : ""));
        new BarChart(
            $"{metric} by popularity band for {Names(runs)}",
            "popularity band of the held-out items",
            Bands,
            [
                .. values.Select((v, r) => new BarChart.Bars(
                    runs[r].Model, r, [.. v.Select(m => m.Value)], [.. v.Select(m => m.Confidence)])),
            ]).Render(markup);
        ReportTables.Behind(
            markup,
            ["Band", "Users", "Held-out", .. runs.Select(r => r.Model)],
            Bands.Select((name, b) => (
                name,
                (IEnumerable<string>)
                [
                    Numbers.Count(runs[0].Result.Bands[b].Users),
                    Numbers.Count(runs[0].Result.Bands[b].HeldOut),
                    .. values.Select(v => Numbers.Metric(v[b].Value) + Range(v[b].Confidence)),
                ])));
        EndFigure(markup);
    }

    private static string Range(Interval? interval) =>
        interval is { } i ? $" [{Numbers.Metric(i.Low)}, {Numbers.Metric(i.High)}]" : "";

    private static void Exposure(MarkupWriter markup, IReadOnlyList<EvaluationRun> runs)
    {
        var bands = runs[0].Result.Bands;
        double heldOut = Math.Max(1, bands.Sum(b => b.HeldOut));
        BarChart.Bars[] series =
        [
            new("held-out items", -1, [.. bands.Select(b => b.HeldOut / heldOut)]),
            .. runs.Select((run, r) => new BarChart.Bars($"{run.Model}, top {run.Result.ExposureCutoff}", r, [.. run.Result.Bands.Select(b => b.Exposure)])),
        ];
        Figure(markup, "Where the recommendations go", "Share of the recommended places in each band, beside that of the held-out items");
        new BarChart($"Share of held-out items and of recommended places by popularity band for {Names(runs)}", "popularity band", Bands, series)
        {
            Format = share => (share * 100).ToString("F0", CultureInfo.InvariantCulture) + " %",
            Shares = true,
        }.Render(markup);
        ReportTables.Behind(
            markup,
            ["Band", "Items", .. series.Select(s => s.Name)],
            Bands.Select((name, b) => (name, series.Select(s => Numbers.Percent(s.Values[b])).Prepend(Numbers.Count(bands[b].Items)))));
        EndFigure(markup);
    }

    private static void Weights(MarkupWriter markup, EvaluationRun run, WeightHistogram weights)
    {
        Figure(markup, $"Item-item weights of {run.Model}", "Off-diagonal weights of B; counts on a log scale" + (weights.OpenEnded ? "; the pale outer bars hold all that lies beyond" : ""));
        new HistogramChart(
            $"Histogram of the item-item weights of {run.Model}: {Numbers.Percent(weights.NegativeShare)} negative, {Numbers.Percent(weights.PositiveShare)} positive",
            weights).Render(markup);
        ReportTables.Behind(
            markup,
            ["Weight", "Count"],
            weights.Counts.Select((count, b) => (count, b)).Where(p => p.count > 0).Select(p => (
                HistogramChart.Range(weights, p.b), (IEnumerable<string>)[Numbers.Count(p.count)])));
        EndFigure(markup);
    }
}
