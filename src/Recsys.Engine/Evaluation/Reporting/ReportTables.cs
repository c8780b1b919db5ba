namespace Recsys.Engine.Evaluation.Reporting;

/// <summary>The tables of a report.</summary>
internal static class ReportTables
{
    /// <summary>All metrics of all models, with their intervals; the best of each row is bold.</summary>
    public static void Metrics(MarkupWriter markup, IReadOnlyList<EvaluationRun> runs)
    {
        var options = runs[0].Result.Options;
        bool single = runs.Count == 1;
        string interval = Numbers.Percent(options.Confidence).Replace(".0", "", StringComparison.Ordinal) + " interval";
        markup.Open("div", ("class", single ? "card scroll single" : "card scroll")).Open("table");
        if (options.Resamples > 0)
        {
            markup.Element(
                "caption",
                $"Means over users{(single ? "" : $", below them the {interval}")}; {Numbers.Count(options.Resamples)} bootstrap resamples of the users.");
        }

        Head(markup, single ? ["Metric", runs[0].Model, interval] : ["Metric", .. runs.Select(r => r.Model)]);
        markup.Open("tbody");
        foreach (var metric in runs.SelectMany(r => r.Result.Metrics.Select(m => m.Metric)).Distinct())
        {
            var values = runs.Select(r => r.Result.Metrics.FirstOrDefault(m => m.Metric == metric)).ToArray();
            double best = !single && metric.IsAccuracy ? values.Max(v => v?.Value ?? double.NegativeInfinity) : double.NaN;
            markup.Open("tr").Open("th", ("scope", "row")).Text(metric.ToString())
                .Element("span", metric.Description, ("class", "what")).Close();
            foreach (var value in values)
            {
                markup.Open("td").Element("span", Numbers.Metric(value?.Value ?? double.NaN), ("class", value?.Value == best ? "best" : "figure"));
                if (single)
                {
                    markup.Close().Open("td");
                }

                if (value?.Confidence is { } ends)
                {
                    markup.Element("span", $"{Numbers.Metric(ends.Low)} – {Numbers.Metric(ends.High)}", ("class", "ci"));
                }

                markup.Close();
            }

            markup.Close();
        }

        markup.Close().Close().Close();
    }

    /// <summary>What distinguishes the runs: options, seconds, memory, users.</summary>
    public static void Runs(MarkupWriter markup, IReadOnlyList<EvaluationRun> runs)
    {
        markup.Open("div", ("class", "card scroll")).Open("table");
        Head(markup, ["", .. runs.Select(r => r.Model)]);
        markup.Open("tbody");
        foreach (string name in runs.SelectMany(r => r.Options.Select(o => o.Key)).Distinct())
        {
            Row(markup, $"--{name}", runs.Select(r => r.Options.ContainsKey(name) ? Numbers.Option(r.Options[name]) : ""));
        }

        Row(markup, "Reading", runs.Select(r => Numbers.Seconds(r.ReadSeconds)));
        Row(markup, "Training", runs.Select(r => Numbers.Seconds(r.FitSeconds)));
        Row(markup, "Evaluation", runs.Select(r => Numbers.Seconds(r.EvaluateSeconds)));
        Row(markup, "Peak memory", runs.Select(r => Numbers.Bytes(r.PeakRssBytes)));
        Row(markup, "Users evaluated", runs.Select(r => Numbers.Count(r.Result.Users)));
        Row(markup, "Users without held-out items", runs.Select(r => Numbers.Count(r.Result.UsersWithoutHeldOut)));
        Row(markup, "Users unknown to the model", runs.Select(r => Numbers.Count(r.Result.UnknownUsers)));
        Row(markup, "Held-out items to be found", runs.Select(r => Numbers.Count(r.Result.HeldOut)));
        Row(
            markup,
            "Held-out items unknown to the model",
            runs.Select(r => Numbers.Count(r.Result.HeldOutUnknown)
                + (r.Result.HeldOutUnknown == 0 ? "" : r.Result.Options.UnknownAsMisses ? " (missed)" : " (left out)")));
        Row(markup, "Held-out items already in the history", runs.Select(r => Numbers.Count(r.Result.HeldOutSeen)));
        markup.Close().Close().Close();
    }

    /// <summary>A paired comparison.</summary>
    public static void Comparison(MarkupWriter markup, ReportComparison comparison)
    {
        markup.Open("div", ("class", "card scroll")).Open("table")
            .Element("caption", $"{comparison.Candidate} against {comparison.Baseline}, paired over users; p is two-sided.");
        Head(markup, ["Metric", comparison.Baseline, comparison.Candidate, "Difference", "Interval", "p"]);
        markup.Open("tbody");
        foreach (var metric in comparison.Metrics)
        {
            Row(
                markup,
                metric.Metric.ToString(),
                [
                    Numbers.Metric(metric.Baseline),
                    Numbers.Metric(metric.Candidate),
                    Signed(metric.Difference),
                    $"{Signed(metric.Confidence.Low)} – {Signed(metric.Confidence.High)}",
                    Numbers.PValue(metric.PValue),
                ]);
        }

        markup.Close().Close().Close();
    }

    /// <summary>The numbers of a chart, folded away.</summary>
    public static void Behind(MarkupWriter markup, IEnumerable<string> head, IEnumerable<(string Name, IEnumerable<string> Cells)> rows)
    {
        markup.Open("details").Element("summary", "Numbers").Open("div", ("class", "scroll")).Open("table");
        Head(markup, head);
        markup.Open("tbody");
        foreach (var (name, cells) in rows)
        {
            Row(markup, name, cells);
        }

        markup.Close().Close().Close().Close();
    }

    internal static string Signed(double value) => (value > 0 ? "+" : "") + Numbers.Metric(value);

    internal static void Head(MarkupWriter markup, IEnumerable<string> names)
    {
        markup.Open("thead").Open("tr");
        foreach (string name in names)
        {
            if (name.Length == 0)
            {
                markup.Element("td", "");
            }
            else
            {
                markup.Element("th", name, ("scope", "col"));
            }
        }

        markup.Close().Close();
    }

    internal static void Row(MarkupWriter markup, string name, IEnumerable<string> cells)
    {
        markup.Open("tr").Element("th", name, ("scope", "row"));
        foreach (string cell in cells)
        {
            markup.Element("td", cell);
        }

        markup.Close();
    }
}
