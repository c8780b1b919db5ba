using System.Globalization;
using Recsys.Engine.Tuning;

namespace Recsys.Cli.Output;

/// <summary>The result of a search on the terminal.</summary>
internal static class TuneOutput
{
    private const int Rows = 15;

    /// <summary>What was tried, the best first.</summary>
    public static void WriteTable(TextWriter writer, TuningResult result)
    {
        if (result.Trials.Count == 0)
        {
            return;
        }

        bool parts = result.Trials.Any(t => t.Items is not null);
        string[] items = parts ? [">items"] : [];
        var table = new TextTable([">trial", .. items, ">" + result.Metric, ">±", ">fit", "options"]);
        var ranked = TuningResult.Ranked(result.Trials);
        foreach (var trial in ranked.Take(Rows))
        {
            string[] cell = parts ? [trial.Items?.ToString(CultureInfo.InvariantCulture) ?? "all"] : [];
            table.Add([
                trial.Number.ToString(CultureInfo.InvariantCulture), .. cell, Number(trial.Value), Number(trial.StandardError),
                string.Create(CultureInfo.InvariantCulture, $"{trial.FitSeconds:F1} s"), trial.Error ?? trial.CommandLine,
            ]);
        }

        table.Write(writer);
        string more = ranked.Count > Rows ? $"and {ranked.Count - Rows} more; " : "";
        string end = result.End switch
        {
            TuningEnd.OutOfTime => "; the time was up",
            TuningEnd.Cancelled => "; cancelled",
            _ => "",
        };
        int known = result.Trials.Count(t => t.FromJournal);
        string journal = known > 0 ? $", {known} of them from the journal" : "";
        writer.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{more}{result.Trials.Select(t => t.Number).Distinct().Count()} configurations, {result.Trials.Count} trainings{journal} in {result.Seconds:F1} s{end}"));
        foreach (string why in result.LeftOut)
        {
            writer.WriteLine($"not chosen: {why}");
        }

        if (parts)
        {
            writer.WriteLine("items: trained on that many most popular items only, the others counted as missed: a lower bound");
        }
    }

    public static string Number(double value) => double.IsNaN(value) ? "–" : value.ToString("0.0000", CultureInfo.InvariantCulture);
}
