using System.Globalization;
using System.Text.Json.Nodes;
using Recsys.Engine.Compute;

namespace Recsys.Engine.Evaluation.Reporting;

/// <summary>How figures are written for people.</summary>
internal static class Numbers
{
    /// <summary>A metric: four decimals, five significant digits from 10 on.</summary>
    public static string Metric(double value) => double.IsFinite(value)
        ? Axis.Minus(value.ToString(Math.Abs(value) >= 10 ? "F3" : "F4", CultureInfo.InvariantCulture))
        : "–";

    /// <summary>Three decimals without the leading zero, where space is short.</summary>
    public static string Short(double value)
    {
        string text = value.ToString("F3", CultureInfo.InvariantCulture);
        return text.StartsWith("0.", StringComparison.Ordinal) ? text[1..] : Axis.Minus(text);
    }

    /// <summary>A share of a whole, one decimal.</summary>
    public static string Percent(double share) =>
        double.IsFinite(share) ? (share * 100).ToString("F1", CultureInfo.InvariantCulture) + " %" : "–";

    /// <summary>A whole number with separators.</summary>
    public static string Count(long count) => count.ToString("N0", CultureInfo.InvariantCulture);

    /// <summary>A weight or loss: five significant digits.</summary>
    public static string Weight(double value) => double.IsFinite(value)
        ? Axis.Minus(value.ToString(Math.Abs(value) >= 1e5 ? "N0" : "G5", CultureInfo.InvariantCulture))
        : "–";

    /// <summary>Seconds, three significant digits.</summary>
    public static string Seconds(double seconds) =>
        seconds.ToString(seconds >= 100 ? "F0" : seconds >= 10 ? "F1" : seconds >= 1 ? "F2" : "F3", CultureInfo.InvariantCulture) + " s";

    /// <summary>Bytes in a unit that suits; 0 is not known.</summary>
    public static string Bytes(long bytes) => bytes <= 0 ? "–" : MemoryBudget.Format(bytes);

    /// <summary>A p-value, never written as 0.</summary>
    public static string PValue(double value) =>
        value < 0.001 ? "< 0.001" : value.ToString("F3", CultureInfo.InvariantCulture);

    /// <summary>An option's value as on the command line.</summary>
    public static string Option(JsonNode? value) => value switch
    {
        null => "–",
        JsonValue scalar when scalar.TryGetValue(out string? text) => text,
        _ => value.ToJsonString(),
    };
}
