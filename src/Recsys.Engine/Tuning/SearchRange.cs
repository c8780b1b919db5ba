using System.Globalization;
using Recsys.Engine.Models;

namespace Recsys.Engine.Tuning;

/// <summary>
/// The values a search may try for an option: a span of numbers (evenly or on a logarithmic scale, whole or real), a span
/// around the option's default for the data, or a list. A place in it is a number in [0, 1).
/// </summary>
public sealed record SearchRange
{
    private SearchRange()
    {
    }

    /// <summary>The lowest number of a span; for a span around the default the lowest multiple of it.</summary>
    public double Low { get; private init; }

    /// <summary>The highest, likewise.</summary>
    public double High { get; private init; }

    /// <summary>Whether numbers are whole.</summary>
    public bool Whole { get; private init; }

    /// <summary>Whether places are even in the logarithm.</summary>
    public bool Logarithmic { get; private init; }

    /// <summary>Whether the span is given in multiples of the option's default for the data.</summary>
    public bool Relative { get; private init; }

    /// <summary>The values of a list; empty for a span.</summary>
    public IReadOnlyList<string> Choices { get; private init; } = [];

    /// <summary>Where a search begins; null: at the option's default for the data, or in the middle.</summary>
    public string? Start { get; init; }

    /// <summary>Whether there is nothing to choose.</summary>
    public bool IsFixed => Choices.Count == 1 || (Choices.Count == 0 && Low == High);

    /// <summary>Whether this is a span of numbers.</summary>
    public bool IsSpan => Choices.Count == 0;

    /// <summary>Numbers from <paramref name="low"/> to <paramref name="high"/>, even in the logarithm.</summary>
    public static SearchRange Log(double low, double high, bool whole = false) =>
        new() { Low = low, High = high, Logarithmic = true, Whole = whole };

    /// <summary>Numbers from <paramref name="low"/> to <paramref name="high"/>, evenly.</summary>
    public static SearchRange Linear(double low, double high, bool whole = false) => new() { Low = low, High = high, Whole = whole };

    /// <summary>From the default divided by <paramref name="factor"/> to the default times it, even in the logarithm.</summary>
    public static SearchRange Around(double factor) => new() { Low = 1 / factor, High = factor, Logarithmic = true, Relative = true };

    /// <summary>One of these, in an order where neighbours are alike.</summary>
    public static SearchRange OneOf(params string[] values) => new() { Choices = values };

    /// <summary>
    /// Reads what a user allows: <c>1..100</c>, <c>64,128</c> or <c>30</c>. A span is even or logarithmic, whole or real as
    /// the option's own range is (<paramref name="declared"/>); without one it is logarithmic where it does not touch 0, and
    /// whole where both ends are.
    /// </summary>
    /// <exception cref="InvalidOptionException">It is no such text, or the span is empty.</exception>
    public static SearchRange Parse(string option, string text, SearchRange? declared)
    {
        ArgumentNullException.ThrowIfNull(text);
        int dots = text.IndexOf("..", StringComparison.Ordinal);
        if (dots < 0)
        {
            string[] values = text.Split(',', StringSplitOptions.TrimEntries);
            return values.Any(v => v.Length == 0)
                ? throw new InvalidOptionException($"--{option}: expected values like 64,128, found '{text}'")
                : OneOf([.. values.Distinct()]);
        }

        double low = Number(text[..dots]), high = Number(text[(dots + 2)..]);
        if (low > high)
        {
            throw new InvalidOptionException($"--{option}: the span {text} is empty: write the lower end first");
        }

        bool whole = declared is { IsSpan: true } ? declared.Whole : IsWhole(low) && IsWhole(high);
        bool logarithmic = declared is { IsSpan: true } ? declared.Logarithmic : true;
        if (whole && !(IsWhole(low) && IsWhole(high)))
        {
            throw new InvalidOptionException($"--{option}: expected whole numbers, found '{text}'");
        }

        return new SearchRange { Low = low, High = high, Whole = whole, Logarithmic = logarithmic && low > 0 };

        double Number(string end) =>
            double.TryParse(end, NumberStyles.Float, CultureInfo.InvariantCulture, out double value) && double.IsFinite(value)
                ? value
                : throw new InvalidOptionException($"--{option}: expected a span like 1..100, found '{text}'");

        static bool IsWhole(double value) => value == Math.Floor(value);
    }

    /// <summary>The value at a place in [0, 1]; <paramref name="origin"/> is the default that a relative span is around.</summary>
    public string At(double place, double origin = 1)
    {
        if (Choices.Count > 0)
        {
            return Choices[Math.Clamp((int)(place * Choices.Count), 0, Choices.Count - 1)];
        }

        double low = Relative ? Low * origin : Low, high = Relative ? High * origin : High;
        double value = Logarithmic
            ? Math.Exp(Math.Log(low) + (place * (Math.Log(high) - Math.Log(low))))
            : low + (place * (high - low));
        value = Whole ? Math.Round(value) : OptionBag.Round(value);
        return OptionBag.Write(Math.Clamp(value, low, high));
    }

    /// <summary>The place of a value, clamped to the range; null where it is no number, or not of the list.</summary>
    public double? PlaceOf(string value, double origin = 1)
    {
        if (Choices.Count > 0)
        {
            int index = Choices.ToList().IndexOf(value);
            return index < 0 ? null : (index + 0.5) / Choices.Count;
        }

        if (!double.TryParse(value, NumberStyles.Float, CultureInfo.InvariantCulture, out double number))
        {
            return null;
        }

        double low = Relative ? Low * origin : Low, high = Relative ? High * origin : High;
        number = Math.Clamp(number, low, high);
        return low == high ? 0 : Logarithmic ? Math.Log(number / low) / Math.Log(high / low) : (number - low) / (high - low);
    }

    /// <summary>The range as a user writes it; relative spans as "default/8..default·8".</summary>
    public override string ToString() => Choices.Count > 0
        ? string.Join(',', Choices)
        : Relative
            ? string.Create(CultureInfo.InvariantCulture, $"default/{High:G3}..default·{High:G3}")
            : $"{OptionBag.Write(Low)}..{OptionBag.Write(High)}";
}
