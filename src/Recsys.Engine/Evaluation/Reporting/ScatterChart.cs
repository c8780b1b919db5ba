namespace Recsys.Engine.Evaluation.Reporting;

/// <summary>Points of a number against another, the first on a logarithmic scale where asked.</summary>
/// <param name="Label">What the chart shows, in words.</param>
/// <param name="XTitle">What is measured along the horizontal axis.</param>
/// <param name="Series">Names, looks and points; points that are not finite are left out.</param>
internal sealed record ScatterChart(string Label, string XTitle, IReadOnlyList<ScatterChart.Points> Series)
{
    /// <summary>Whether X is drawn on a logarithmic scale.</summary>
    public bool Logarithmic { get; init; }

    /// <summary>One kind of points, each with a text shown when pointed at.</summary>
    public sealed record Points(string Name, int Look, IReadOnlyList<(double X, double Y, string Text)> Places);

    public void Render(MarkupWriter markup)
    {
        var drawn = Series.Select(s => s with { Places = [.. s.Places.Where(p => double.IsFinite(p.X) && double.IsFinite(p.Y) && (!Logarithmic || p.X > 0))] })
            .Where(s => s.Places.Count > 0).ToList();
        if (drawn.Count == 0)
        {
            markup.Element("p", "Nothing to draw.", ("class", "note"));
            return;
        }

        const double Inset = 10;
        double[] xs = [.. drawn.SelectMany(s => s.Places.Select(p => p.X))];
        double[] ys = [.. drawn.SelectMany(s => s.Places.Select(p => p.Y))];
        var y = Axis.Linear(ys.Min(), ys.Max(), ChartFrame.Bottom, ChartFrame.Top);
        var x = Logarithmic
            ? Axis.LogarithmicSpan(xs.Min(), xs.Max(), ChartFrame.Left + Inset, ChartFrame.Right - Inset)
            : Axis.Linear(xs.Min(), xs.Max(), ChartFrame.Left + Inset, ChartFrame.Right - Inset);
        if (drawn.Count > 1)
        {
            ChartFrame.Legend(markup, drawn.Select(s => (s.Name, ChartFrame.Look(s.Look), s.Look)));
        }

        ChartFrame.Open(markup, Label);
        ChartFrame.Values(markup, y);
        ChartFrame.Below(markup, x, XTitle);
        foreach (var series in drawn)
        {
            markup.Open("g", ("class", ChartFrame.Look(series.Look)));
            foreach (var (px, py, text) in series.Places)
            {
                ChartFrame.Marker(markup, series.Look, x.At(px), y.At(py), text);
            }

            markup.Close();
        }

        markup.Close();
    }
}
