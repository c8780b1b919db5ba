namespace Recsys.Engine.Evaluation.Reporting;

/// <summary>Groups of bars, one bar a series in each, with error bars where there are intervals. Bars start at 0.</summary>
/// <param name="Label">What the chart shows, in words.</param>
/// <param name="XTitle">What the groups are.</param>
/// <param name="Groups">Names of the groups.</param>
/// <param name="Series">Names, looks and a value for each group (NaN: no bar).</param>
internal sealed record BarChart(string Label, string XTitle, IReadOnlyList<string> Groups, IReadOnlyList<BarChart.Bars> Series)
{
    private const double MaxBar = 46;

    /// <summary>How a value is written above its bar.</summary>
    public Func<double, string> Format { get; init; } = Numbers.Short;

    /// <summary>Whether values are shares, and the axis is in per cent.</summary>
    public bool Shares { get; init; }

    /// <summary>One series: a value and perhaps an interval for each group. Look −1 is the neutral one.</summary>
    public sealed record Bars(string Name, int Look, IReadOnlyList<double> Values, IReadOnlyList<Interval?>? Intervals = null);

    public void Render(MarkupWriter markup)
    {
        double high = Series.SelectMany(s => s.Values.Select((v, g) => Math.Max(Defined(v), Defined(s.Intervals?[g]?.High ?? 0)))).Append(0).Max();
        if (Groups.Count == 0 || Series.Count == 0)
        {
            markup.Element("p", "Nothing to draw.", ("class", "note"));
            return;
        }

        var y = Shares
            ? Axis.Percent(high, ChartFrame.Bottom, ChartFrame.Top + 8)
            : Axis.Linear(0, high, ChartFrame.Bottom, ChartFrame.Top + 8, 4);
        if (Series.Count > 1)
        {
            ChartFrame.Legend(markup, Series.Select(s => (s.Name, Look(s.Look), -1)));
        }

        ChartFrame.Open(markup, Label);
        ChartFrame.Values(markup, y);
        ChartFrame.Line(markup, ChartFrame.Left, ChartFrame.Bottom, ChartFrame.Right, ChartFrame.Bottom, "axis");
        double room = (ChartFrame.Right - ChartFrame.Left) / Groups.Count;
        double bar = Math.Min(MaxBar, room * 0.76 / Series.Count);
        int longest = Series.SelectMany(s => s.Values).Where(double.IsFinite).Select(v => Format(v).Length).Append(0).Max();
        bool named = longest * 7 <= bar + 1;
        for (int g = 0; g < Groups.Count; g++)
        {
            double middle = ChartFrame.Left + (room * (g + 0.5));
            for (int s = 0; s < Series.Count; s++)
            {
                Draw(markup, y, Series[s], g, middle + ((s - (Series.Count / 2.0)) * bar), bar, named);
            }

            markup.Element("text", Groups[g], ChartFrame.At(middle, ChartFrame.Bottom + 18, "tick middle"));
        }

        ChartFrame.Title(markup, XTitle);
        markup.Close();
    }

    private static double Defined(double value) => double.IsFinite(value) ? value : 0;

    private static string Look(int look) => look < 0 ? "neutral" : ChartFrame.Look(look);

    private void Draw(MarkupWriter markup, Axis y, Bars series, int group, double x, double width, bool named)
    {
        double value = series.Values[group];
        if (!double.IsFinite(value))
        {
            return;
        }

        var interval = series.Intervals?[group];
        string range = interval is { } i ? $" ({Format(i.Low)} to {Format(i.High)})" : "";
        double top = y.At(value);
        double middle = x + (width / 2);
        markup.Open("g", ("class", Look(series.Look)))
            .Element("title", $"{series.Name}, {Groups[group]}: {Format(value)}{range}")
            .Empty(
                "rect",
                ("x", MarkupWriter.N(x + 1)),
                ("y", MarkupWriter.N(top)),
                ("width", MarkupWriter.N(width - 2)),
                ("height", MarkupWriter.N(Math.Max(0, ChartFrame.Bottom - top))),
                ("class", "bar"));
        if (interval is { } error)
        {
            double low = y.At(error.Low);
            double up = y.At(error.High);
            ChartFrame.Line(markup, middle, low, middle, up, "error");
            ChartFrame.Line(markup, middle - 4, up, middle + 4, up, "error");
            ChartFrame.Line(markup, middle - 4, low, middle + 4, low, "error");
            top = Math.Min(top, up);
        }

        if (named)
        {
            markup.Element("text", Format(value), ChartFrame.At(middle, top - 5, "value middle"));
        }

        markup.Close();
    }
}
