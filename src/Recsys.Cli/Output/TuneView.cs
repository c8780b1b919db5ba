using System.Globalization;
using Recsys.Engine.Evaluation;
using Recsys.Engine.Tuning;
using Spectre.Console;

namespace Recsys.Cli.Output;

/// <summary>Shows a search while it runs: a table of the best and what is being done on a terminal, a line a trial otherwise.</summary>
internal sealed class TuneView(Terminal terminal, Metric metric, Action<string, IReadOnlyList<Trial>>? show) : IProgress<TuningProgress>
{
    private const int Shown = 10;

    private readonly Lock _gate = new();
    private readonly List<Trial> _trials = [];

    public static TuningResult Run(Terminal terminal, Metric metric, Func<IProgress<TuningProgress>, TuningResult> work)
    {
        if (!terminal.ErrorIsTerminal)
        {
            return work(new TuneView(terminal, metric, null));
        }

        return terminal.ErrorConsole.Live(new Text("")).AutoClear(true).Start(context => work(new TuneView(terminal, metric, (running, trials) =>
        {
            context.UpdateTarget(Draw(metric, running, trials));
            context.Refresh();
        })));
    }

    public void Report(TuningProgress value)
    {
        lock (_gate)
        {
            if (value.Done)
            {
                _trials.Add(value.Trial);
            }

            if (show is not null)
            {
                show(Running(value), _trials);
            }
            else if (value.Done)
            {
                terminal.Error.WriteLine(Line(value.Trial));
            }
        }
    }

    private static string Running(TuningProgress value)
    {
        string training = value.Training is { } t ? $"{t.Phase} {t.Done}/{t.Total}  " : "";
        return value.Done ? "" : $"{value.Trial.Number}  {training}{value.Trial.CommandLine}";
    }

    private static Rows Draw(Metric metric, string running, IReadOnlyList<Trial> trials)
    {
        var table = new Table().Border(TableBorder.Simple).AddColumns("trial", metric.ToString(), "±", "items", "fit", "options");
        foreach (var trial in TuningResult.Ranked(trials).Take(Shown))
        {
            table.AddRow(
                trial.Number.ToString(CultureInfo.InvariantCulture),
                TuneOutput.Number(trial.Value),
                TuneOutput.Number(trial.StandardError),
                trial.Items?.ToString(CultureInfo.InvariantCulture) ?? "all",
                string.Create(CultureInfo.InvariantCulture, $"{trial.FitSeconds:F1} s"),
                Markup.Escape(trial.Error ?? trial.CommandLine));
        }

        return new Rows(table, new Text($"{trials.Count} trainings so far; now {running}"));
    }

    private string Line(Trial trial)
    {
        double best = _trials.Where(t => t.Items == trial.Items && !double.IsNaN(t.Value)).Select(t => t.Value).DefaultIfEmpty(double.NaN).Max();
        string items = trial.Items is { } count ? string.Create(CultureInfo.InvariantCulture, $" on {count} items") : "";
        string known = trial.FromJournal ? ", journal" : "";
        string outcome = trial.Error is { } error
            ? error
            : string.Create(CultureInfo.InvariantCulture, $"{metric} {TuneOutput.Number(trial.Value)}{items} (best {TuneOutput.Number(best)}, {trial.FitSeconds + trial.EvaluateSeconds:F1} s{known})");
        return $"tune: {trial.Number,3}  {outcome}  {trial.CommandLine}";
    }
}
