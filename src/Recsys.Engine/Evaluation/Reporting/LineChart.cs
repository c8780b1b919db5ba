namespace Recsys.Engine.Evaluation.Reporting;

/// <summary>Values over a number, one line a series.</summary>
/// <param name="Label">What the chart shows, in words.</param>
/// <param name="XTitle">What the horizontal axis measures.</param>
/// <param name="Series">Names, looks and points (ascending in X); points that are not finite are left out.</param>
internal sealed record LineChart(string Label, string XTitle, IReadOnlyList<LineChart.Line> Series)
{
    /// <summary>Whether X is drawn on a logarithmic scale, with a tick at each value.</summary>
    public bool Logarithmic { get; init; }

    /// <summary>Whether the vertical axis starts at 0.</summary>
    public bool FromZero { get; init; } = true;

    /// <summary>How a value is written when pointed at.</summary>
    public Func<double, string> Format { get; init; } = Numbers.Metric;

    /// <summary>One line of a chart.</summary>
    public sealed record Line(string Name, int Look, IReadOnlyList<(int X, double Y)> Points);

    public void Render(MarkupWriter markup)
    {
        int[] xs = [.. Series.SelectMany(s => s.Points.Select(p => p.X)).Distinct().Order()];
        double[] ys = [.. Series.SelectMany(s => s.Points.Select(p => p.Y)).Where(double.IsFinite)];
        if (xs.Length == 0 || ys.Length == 0)
        {
            markup.Element("p", "Nothing to draw.", ("class", "note"));
            return;
        }

        double low = FromZero ? Math.Min(0, ys.Min()) : ys.Min();
        var y = Axis.Linear(low, ys.Max(), ChartFrame.Bottom, ChartFrame.Top);
        const double Inset = 10;
        var x = Logarithmic
            ? Axis.Logarithmic(xs, ChartFrame.Left + Inset, ChartFrame.Right - Inset)
            : Axis.Exact(xs[0], Math.Max(xs[0] + 1, xs[^1]), ChartFrame.Left + Inset, ChartFrame.Right - Inset, Math.Clamp(xs[^1] - xs[0], 1, 8));
        if (Series.Count > 1)
        {
            ChartFrame.Legend(markup, Series.Select(s => (s.Name, ChartFrame.Look(s.Look), s.Look)));
        }

        ChartFrame.Open(markup, Label);
        ChartFrame.Values(markup, y);
        ChartFrame.Below(markup, x, XTitle);
        foreach (var line in Series)
        {
            (int X, double Y)[] points = [.. line.Points.Where(p => double.IsFinite(p.Y))];
            markup.Open("g", ("class", ChartFrame.Look(line.Look)));
            markup.Empty(
                "polyline",
                ("points", string.Join(' ', points.Select(p => $"{MarkupWriter.N(x.At(p.X))},{MarkupWriter.N(y.At(p.Y))}"))),
                ("class", "line"));
            foreach (var (px, py) in points)
            {
                ChartFrame.Marker(markup, line.Look, x.At(px), y.At(py), $"{line.Name}, {px}: {Format(py)}");
            }

            markup.Close();
        }

        markup.Close();
    }
}
