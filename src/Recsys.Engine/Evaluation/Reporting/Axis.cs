using System.Globalization;

namespace Recsys.Engine.Evaluation.Reporting;

/// <summary>A scale from values to places on the page, linear or logarithmic, with its ticks.</summary>
internal sealed class Axis
{
    private readonly bool _logarithmic;
    private readonly double _low;
    private readonly double _high;
    private readonly double _from;
    private readonly double _to;

    private Axis(bool logarithmic, double low, double high, double from, double to, (double Value, string Label)[] ticks)
    {
        _logarithmic = logarithmic;
        _low = logarithmic ? Math.Log10(low) : low;
        _high = logarithmic ? Math.Log10(high) : high;
        _from = from;
        _to = to;
        Ticks = ticks;
    }

    /// <summary>Values that are marked, ascending, with their labels.</summary>
    public IReadOnlyList<(double Value, string Label)> Ticks { get; }

    /// <summary>The place of a value.</summary>
    public double At(double value)
    {
        double position = _logarithmic ? Math.Log10(value) : value;
        return _from + ((position - _low) / (_high - _low) * (_to - _from));
    }

    /// <summary>A linear axis that reaches to round numbers around [low, high], about <paramref name="count"/> ticks.</summary>
    public static Axis Linear(double low, double high, double from, double to, int count = 5)
    {
        if (!(high > low))
        {
            double margin = low == 0 ? 1 : Math.Abs(low) * 0.1;
            high = low + margin;
            low = low == 0 ? 0 : low - margin;
        }

        double step = Step((high - low) / count);
        double first = Math.Floor((low / step) + 1e-9);
        double last = Math.Ceiling((high / step) - 1e-9);
        var ticks = new List<(double, string)>();
        for (double t = first; t <= last; t++)
        {
            ticks.Add((t * step, Label(t * step, step, Math.Max(Math.Abs(first), Math.Abs(last)) * step)));
        }

        return new Axis(false, first * step, last * step, from, to, [.. ticks]);
    }

    /// <summary>A linear axis over exactly [low, high], ticks at round numbers within.</summary>
    public static Axis Exact(double low, double high, double from, double to, int count = 6)
    {
        double step = Step((high - low) / count);
        var ticks = new List<(double, string)>();
        for (double t = Math.Ceiling((low / step) - 1e-9); t * step <= high + (step * 1e-9); t++)
        {
            ticks.Add((t * step, Label(t * step, step, Math.Max(Math.Abs(low), Math.Abs(high)))));
        }

        return new Axis(false, low, high, from, to, [.. ticks]);
    }

    /// <summary>A logarithmic axis over the given values, each of them a tick unless it would stand on its neighbour's label.</summary>
    public static Axis Logarithmic(IReadOnlyList<int> values, double from, double to, double room = 26)
    {
        double low = values[0];
        double high = values[^1] > low ? values[^1] : low * 2;
        var bare = new Axis(true, low, high, from, to, []);
        var ticks = new List<(double Value, string Label)>();
        double last = double.NegativeInfinity;
        foreach (int value in values)
        {
            bool fits = bare.At(value) - last >= room;
            ticks.Add((value, fits ? value.ToString(CultureInfo.InvariantCulture) : ""));
            last = fits ? bare.At(value) : last;
        }

        return new Axis(true, low, high, from, to, [.. ticks]);
    }

    /// <summary>A logarithmic axis over a span, with ticks at 1, 2 and 5 times powers of ten.</summary>
    public static Axis LogarithmicSpan(double low, double high, double from, double to)
    {
        if (!(high > low))
        {
            (low, high) = (low / 2, high * 2);
        }

        var ticks = new List<(double, string)>();
        int every = Math.Log10(high / low) > 4 ? 3 : 1; // of 1, 2 and 5 only the ones
        double[] steps = [1, 2, 5];
        for (int power = (int)Math.Floor(Math.Log10(low)); power <= Math.Ceiling(Math.Log10(high)); power++)
        {
            for (int s = 0; s < steps.Length; s += every)
            {
                double value = steps[s] * Math.Pow(10, power);
                if (value >= low * (1 - 1e-9) && value <= high * (1 + 1e-9))
                {
                    ticks.Add((value, Label(value, Math.Pow(10, power), value)));
                }
            }
        }

        return new Axis(true, low, high, from, to, [.. ticks]);
    }

    /// <summary>A logarithmic axis of counts: from just below 1 to the power of ten that holds the highest.</summary>
    public static Axis Counts(long highest, double from, double to)
    {
        int powers = Math.Max(1, (int)Math.Ceiling(Math.Log10(Math.Max(2, highest)) - 1e-9));
        int stride = (powers + 5) / 6;
        var ticks = new List<(double, string)>();
        for (int p = 0; p <= powers; p += stride)
        {
            ticks.Add((Math.Pow(10, p), Label(Math.Pow(10, p), Math.Pow(10, p), Math.Pow(10, p))));
        }

        return new Axis(true, 0.7, Math.Pow(10, powers), from, to, [.. ticks]);
    }

    /// <summary>A linear axis of shares from 0, its ticks labelled in per cent.</summary>
    public static Axis Percent(double high, double from, double to)
    {
        var axis = Linear(0, high, from, to, 4);
        var hundredfold = Linear(0, high * 100, from, to, 4);
        var ticks = axis.Ticks.Zip(hundredfold.Ticks, (share, percent) => (share.Value, percent.Label + " %"));
        return new Axis(false, axis.Ticks[0].Value, axis.Ticks[^1].Value, from, to, [.. ticks]);
    }

    /// <summary>Replaces the hyphen of a negative number by a minus sign.</summary>
    public static string Minus(string number) => number.StartsWith('-') ? "−" + number[1..] : number;

    /// <summary>A tick's label: all ticks of an axis in the unit of the largest, with the decimals its step needs.</summary>
    private static string Label(double value, double step, double largest)
    {
        if (Math.Abs(value) < step * 1e-6)
        {
            return "0";
        }

        (double unit, string suffix) = largest switch
        {
            >= 1e12 => (1e12, "T"),
            >= 1e9 => (1e9, "G"),
            >= 1e6 => (1e6, "M"),
            >= 1e4 => (1e3, "k"),
            _ => (1.0, ""),
        };
        int decimals = Math.Max(0, -(int)Math.Floor(Math.Log10(step / unit) + 1e-9));
        return decimals > 6 || largest >= 1e16
            ? Minus(value.ToString("0.###e0", CultureInfo.InvariantCulture))
            : Minus((value / unit).ToString("F" + decimals.ToString(CultureInfo.InvariantCulture), CultureInfo.InvariantCulture)) + suffix;
    }

    /// <summary>1, 2 or 5 times a power of ten, the first at or above <paramref name="rough"/>.</summary>
    private static double Step(double rough)
    {
        double power = Math.Pow(10, Math.Floor(Math.Log10(rough)));
        double mantissa = rough / power;
        double nice = mantissa <= 1.0001 ? 1 : mantissa <= 2.0001 ? 2 : mantissa <= 5.0001 ? 5 : 10;
        return nice * power;
    }
}
