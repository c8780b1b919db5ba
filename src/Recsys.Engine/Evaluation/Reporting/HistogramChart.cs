namespace Recsys.Engine.Evaluation.Reporting;

/// <summary>How weights are spread, negative and positive ones apart; counts on a logarithmic scale.</summary>
/// <param name="Label">What the chart shows, in words.</param>
/// <param name="Histogram">The bins.</param>
internal sealed record HistogramChart(string Label, WeightHistogram Histogram)
{
    /// <summary>The ends of a bin in words.</summary>
    public static string Range(WeightHistogram histogram, int bin) => (histogram.OpenEnded, bin) switch
    {
        (true, 0) => $"below {Numbers.Weight(histogram.Edges[1])}",
        (true, _) when bin == histogram.Counts.Length - 1 => $"{Numbers.Weight(histogram.Edges[bin])} and above",
        _ => $"{Numbers.Weight(histogram.Edges[bin])} to {Numbers.Weight(histogram.Edges[bin + 1])}",
    };

    public void Render(MarkupWriter markup)
    {
        var edges = Histogram.Edges;
        var counts = Histogram.Counts;
        ChartFrame.Legend(
            markup,
            [
                ($"negative {Numbers.Percent(Histogram.NegativeShare)}", "negative", -1),
                ($"positive {Numbers.Percent(Histogram.PositiveShare)}", "positive", -1),
                .. Histogram.ZeroShare > 0 ? [($"exactly zero {Numbers.Percent(Histogram.ZeroShare)}, not drawn", "none", -1)] : Array.Empty<(string, string, int)>(),
            ]);
        var y = Axis.Counts(counts.Length == 0 ? 1 : counts.Max(), ChartFrame.Bottom, ChartFrame.Top);
        var x = Axis.Exact(edges[0], edges[^1], ChartFrame.Left + 4, ChartFrame.Right - 4, 7);
        ChartFrame.Open(markup, Label);
        ChartFrame.Values(markup, y);
        for (int b = 0; b < counts.Length; b++)
        {
            if (counts[b] == 0)
            {
                continue;
            }

            double left = x.At(edges[b]);
            double top = y.At(counts[b]);
            bool beyond = Histogram.OpenEnded && (b == 0 || b == counts.Length - 1);
            markup.Open("g", ("class", (edges[b + 1] <= 0 ? "negative" : "positive") + (beyond ? " beyond" : "")))
                .Element("title", $"{Range(Histogram, b)}: {Numbers.Count(counts[b])} weights")
                .Empty(
                    "rect",
                    ("x", MarkupWriter.N(left + 0.4)),
                    ("y", MarkupWriter.N(top)),
                    ("width", MarkupWriter.N(Math.Max(0.6, x.At(edges[b + 1]) - left - 0.8))),
                    ("height", MarkupWriter.N(ChartFrame.Bottom - top)),
                    ("class", "bar"))
                .Close();
        }

        ChartFrame.Below(markup, x, "weight");
        markup.Close();
    }
}
