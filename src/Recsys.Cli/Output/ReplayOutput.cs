using System.Globalization;
using Recsys.Engine.Evaluation;
using Recsys.Engine.Online.Prequential;

namespace Recsys.Cli.Output;

/// <summary>A replay as tables for people.</summary>
internal static class ReplayOutput
{
    private static readonly string[] Bands = ["head", "mid", "tail", "new"];

    public static void Write(TextWriter writer, PrequentialResult result)
    {
        var metrics = result.Options.Metrics;
        var table = new TextTable(["strategy", .. metrics.Select(m => ">" + m), "95 %", ">gain", "95 %", ">events/s", ">learned/s"]);
        int main = Leading(metrics);
        foreach (var strategy in result.Strategies)
        {
            var gain = strategy.Gains.Count > 0 ? strategy.Gains[main] : null;
            table.Add(
            [
                strategy.Strategy,
                .. strategy.Metrics.Select(m => Number(m.Value)),
                Interval(strategy.Metrics[main].Confidence),
                gain is null ? "" : gain.Value.ToString("+0.0000;-0.0000", CultureInfo.InvariantCulture),
                Interval(gain?.Confidence),
                strategy.EventsPerSecond.ToString("N0", CultureInfo.InvariantCulture),
                strategy.LearnedPerSecond.ToString("N0", CultureInfo.InvariantCulture),
            ]);
        }

        table.Write(writer);
        writer.WriteLine();
        var bands = new TextTable([$"{metrics[main]} by band", .. Bands.Select((b, i) => $">{b} ({result.Bands[i]})")]);
        foreach (var strategy in result.Strategies)
        {
            bands.Add([strategy.Strategy, .. strategy.Bands[main].Select(b => Number(b.Value))]);
        }

        bands.Write(writer);
        writer.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"trained on {result.TrainEvents} events, streamed {result.Events}, scored {result.Scored} of {result.Users} users over {result.Items} items; intervals and gains (over {result.Strategies[0].Strategy}) are of {metrics[main]}; bands are thirds of the training interactions, 'new' has items without any"));
    }

    private static int Leading(IReadOnlyList<Metric> metrics)
    {
        for (int m = metrics.Count - 1; m >= 0; m--)
        {
            if (metrics[m].Kind == MetricKind.Ndcg)
            {
                return m;
            }
        }

        return 0;
    }

    private static string Interval(Interval? interval) => interval is { } i ? $"{Number(i.Low)}–{Number(i.High)}" : "";

    private static string Number(double value) => double.IsNaN(value) ? "–" : value.ToString("0.0000", CultureInfo.InvariantCulture);
}
