using System.Globalization;
using Recsys.Engine.Compute;
using Recsys.Engine.Evaluation;

namespace Recsys.Cli.Output;

/// <summary>The result of an evaluation on the terminal.</summary>
internal static class EvaluationOutput
{
    /// <summary>Each metric with its interval and by popularity band.</summary>
    public static void WriteTable(TextWriter writer, EvaluationResult result)
    {
        var table = new TextTable(["metric", ">value", "95 %", .. result.Bands.Select(b => ">" + b.Band.ToString().ToLowerInvariant())]);
        foreach (var value in result.Metrics)
        {
            List<string> cells = [value.Metric.ToString(), Number(value.Value), Interval(value.Confidence)];
            foreach (var band in result.Bands)
            {
                var inBand = band.Metrics.FirstOrDefault(m => m.Metric == value.Metric);
                cells.Add(inBand is null ? "" : Number(inBand.Value));
            }

            table.Add([.. cells]);
        }

        table.Write(writer);
        string bands = string.Join(", ", result.Bands.Select(b => $"{b.Band.ToString().ToLowerInvariant()} {b.Items} items"));
        writer.WriteLine($"{result.Users} users, {result.HeldOut} held-out items; bands are thirds of the training interactions: {bands}");
        WriteCount(writer, result.UnknownUsers, "held-out users are not in the model and were left out");
        WriteCount(writer, result.HeldOutUnknown, "held-out items are not in the model and were left out");
        WriteCount(writer, result.HeldOutSeen, "held-out items stand in the user's own history and were left out");
        WriteCount(writer, result.UnknownHistoryItems, "items of the histories are not in the model and were left out");
    }

    /// <summary>Seconds by step and the peak memory, in one line.</summary>
    public static string Times(double read, double fit, double evaluate) => string.Create(
        CultureInfo.InvariantCulture,
        $"read {read:F2} s, fit {fit:F2} s, evaluate {evaluate:F2} s; peak memory {MemoryBudget.Format(PeakMemory.Bytes())}");

    private static void WriteCount(TextWriter writer, long count, string what)
    {
        if (count > 0)
        {
            writer.WriteLine($"{count.ToString(CultureInfo.InvariantCulture)} {what}");
        }
    }

    private static string Interval(Interval? interval) =>
        interval is { } i ? $"{Number(i.Low)}–{Number(i.High)}" : "";

    private static string Number(double value) => double.IsNaN(value) ? "–" : value.ToString("0.0000", CultureInfo.InvariantCulture);
}
