using System.Globalization;
using System.Text.Json.Nodes;
using Recsys.Cli.Load;

namespace Recsys.Client.Commands;

/// <summary>What a load test prints.</summary>
internal static class LoadTestOutput
{
    /// <summary>A rate that was tried on the way to the largest one.</summary>
    public static string Tried(double rate, LoadResult result, bool sustained) => string.Create(
        CultureInfo.InvariantCulture,
        $"{rate:N0} calls/s: {(sustained ? "sustained" : "not sustained")}, {result.Sustained:N0} answered, p50 {result.Latency.Quantile(0.5) / 1000:F2} ms, p99 {result.Latency.Quantile(0.99) / 1000:F2} ms");

    /// <summary>The outcome, as two lines or as JSON; rate 0 for the closed loop.</summary>
    public static void Write(TextWriter writer, bool json, double rate, LoadResult result, long repeated)
    {
        var latency = result.Latency;
        if (json)
        {
            writer.WriteLine(new JsonObject
            {
                ["rate"] = rate,
                ["calls_per_second"] = Math.Round(result.PerSecond, 1),
                ["p50_ms"] = latency.Quantile(0.5) / 1000,
                ["p90_ms"] = latency.Quantile(0.9) / 1000,
                ["p99_ms"] = latency.Quantile(0.99) / 1000,
                ["p999_ms"] = latency.Quantile(0.999) / 1000,
                ["max_ms"] = latency.Max / 1000.0,
                ["failed"] = result.Failed,
                ["repeated"] = repeated,
                ["late"] = result.Late,
            }.ToJsonString());
            return;
        }

        writer.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{result.PerSecond:N0} calls/s{(rate > 0 ? $" (open loop, {rate:N0} asked for)" : " (closed loop)")}: p50 {latency.Quantile(0.5) / 1000:F2} ms, p90 {latency.Quantile(0.9) / 1000:F2} ms, p99 {latency.Quantile(0.99) / 1000:F2} ms, p99.9 {latency.Quantile(0.999) / 1000:F2} ms, max {latency.Max / 1000.0:F1} ms"));
        writer.WriteLine($"{result.Failed} failed, {repeated} attempts repeated, {result.Late} sent late");
    }
}
