namespace Recsys.Engine.Evaluation.Reporting;

/// <summary>What all charts share: the drawing's size, its axes with grid and labels, markers and legends.</summary>
internal static class ChartFrame
{
    public const double Width = 480;
    public const double Height = 270;
    public const double Left = 50;
    public const double Right = 466;
    public const double Top = 14;
    public const double Bottom = 222;

    /// <summary>Number of series with a look of their own; further ones start over.</summary>
    public const int Looks = 6;

    /// <summary>Opens the drawing; <paramref name="label"/> says to those who cannot see it what it shows.</summary>
    public static void Open(MarkupWriter markup, string label) =>
        markup.Open(
            "svg",
            ("xmlns", "http://www.w3.org/2000/svg"),
            ("viewBox", $"0 0 {MarkupWriter.N(Width)} {MarkupWriter.N(Height)}"),
            ("role", "img"),
            ("aria-label", label));

    /// <summary>Horizontal grid lines with their labels, left of the plot.</summary>
    public static void Values(MarkupWriter markup, Axis axis)
    {
        foreach (var (value, label) in axis.Ticks)
        {
            double y = axis.At(value);
            Line(markup, Left, y, Right, y, y >= Bottom - 0.5 ? "axis" : "grid");
            markup.Element("text", label, At(Left - 8, y + 4, "tick end"));
        }
    }

    /// <summary>Marks and labels below the plot, and what is measured there.</summary>
    public static void Below(MarkupWriter markup, Axis axis, string title)
    {
        Line(markup, Left, Bottom, Right, Bottom, "axis");
        foreach (var (value, label) in axis.Ticks)
        {
            double x = axis.At(value);
            Line(markup, x, Bottom, x, Bottom + 4, "axis");
            if (label.Length > 0)
            {
                markup.Element("text", label, At(x, Bottom + 18, "tick middle"));
            }
        }

        Title(markup, title);
    }

    /// <summary>What the horizontal axis measures.</summary>
    public static void Title(MarkupWriter markup, string title) =>
        markup.Element("text", title, At((Left + Right) / 2, Bottom + 40, "axis-title middle"));

    /// <summary>A straight line.</summary>
    public static void Line(MarkupWriter markup, double x1, double y1, double x2, double y2, string style) =>
        markup.Empty(
            "line",
            ("x1", MarkupWriter.N(x1)),
            ("y1", MarkupWriter.N(y1)),
            ("x2", MarkupWriter.N(x2)),
            ("y2", MarkupWriter.N(y2)),
            ("class", style));

    /// <summary>Attributes of a text at a place.</summary>
    public static (string Name, string Value)[] At(double x, double y, string style) =>
        [("x", MarkupWriter.N(x)), ("y", MarkupWriter.N(y)), ("class", style)];

    /// <summary>The class of a series.</summary>
    public static string Look(int series) => $"s{series % Looks}";

    /// <summary>The marker of a series: shapes differ too, for those who do not tell the colours apart.</summary>
    public static void Marker(MarkupWriter markup, int series, double x, double y, string? tooltip)
    {
        double r = 3.4;
        markup.Open("g", ("class", "mark"));
        if (tooltip is not null)
        {
            markup.Element("title", tooltip);
        }

        switch (series % 4)
        {
            case 0:
                markup.Empty("circle", ("cx", MarkupWriter.N(x)), ("cy", MarkupWriter.N(y)), ("r", MarkupWriter.N(r)));
                break;
            case 1:
                markup.Empty(
                    "rect",
                    ("x", MarkupWriter.N(x - 3)),
                    ("y", MarkupWriter.N(y - 3)),
                    ("width", "6"),
                    ("height", "6"));
                break;
            case 2:
                Polygon(markup, (x, y - 4), (x + 3.9, y + 3), (x - 3.9, y + 3));
                break;
            default:
                Polygon(markup, (x, y - 4.4), (x + 4.4, y), (x, y + 4.4), (x - 4.4, y));
                break;
        }

        markup.Close();
    }

    /// <summary>The names of the series beside their markers (lines) or swatches (bars).</summary>
    public static void Legend(MarkupWriter markup, IEnumerable<(string Name, string Look, int Marker)> series)
    {
        markup.Open("ul", ("class", "legend"));
        foreach (var (name, look, marker) in series)
        {
            markup.Open("li", ("class", look))
                .Open("svg", ("xmlns", "http://www.w3.org/2000/svg"), ("viewBox", "0 0 20 12"), ("aria-hidden", "true"));
            if (marker >= 0)
            {
                Line(markup, 0, 6, 20, 6, "line");
                Marker(markup, marker, 10, 6, null);
            }
            else
            {
                markup.Empty("rect", ("x", "4"), ("y", "0"), ("width", "12"), ("height", "12"), ("rx", "2"), ("class", "bar"));
            }

            markup.Close().Element("span", name).Close();
        }

        markup.Close();
    }

    private static void Polygon(MarkupWriter markup, params (double X, double Y)[] points) =>
        markup.Empty("polygon", ("points", string.Join(' ', points.Select(p => $"{MarkupWriter.N(p.X)},{MarkupWriter.N(p.Y)}"))));
}
