using System.Diagnostics;
using System.Globalization;
using Recsys.Engine.Compute;
using Spectre.Console;

namespace Recsys.Cli.Output;

/// <summary>Shows the progress of one piece of work: bars on a terminal, plain lines otherwise.</summary>
internal static class ProgressView
{
    public static T Run<T>(Terminal terminal, string title, Func<IProgress<TrainingProgress>, T> work)
    {
        if (!terminal.ErrorIsTerminal)
        {
            return work(new Lines(terminal, title));
        }

        return terminal.ErrorConsole.Progress()
            .AutoClear(true)
            .Columns(new TaskDescriptionColumn { Alignment = Justify.Left }, new ProgressBarColumn(), new PercentageColumn(), new ElapsedTimeColumn())
            .Start(context => work(new Bars(context, title)));
    }

    private static string Describe(TrainingProgress p)
    {
        string loss = p.Loss is { } value ? string.Create(CultureInfo.InvariantCulture, $"  loss {value:G7}") : "";
        string detail = p.Detail is { } text ? $"  {text}" : "";
        return loss + detail;
    }

    /// <summary>Reports may come from any thread, so both forms lock.</summary>
    private sealed class Bars(ProgressContext context, string title) : IProgress<TrainingProgress>
    {
        private readonly Lock _gate = new();
        private readonly Dictionary<string, ProgressTask> _phases = [];

        public void Report(TrainingProgress value)
        {
            lock (_gate)
            {
                if (!_phases.TryGetValue(value.Phase, out var task))
                {
                    task = _phases[value.Phase] = context.AddTask(value.Phase);
                }

                task.MaxValue = Math.Max(1, value.Total);
                task.Value = value.Done;
                task.Description = Markup.Escape($"{title}: {value.Phase}{Describe(value)}");
            }
        }
    }

    /// <summary>At most a line a second for phases of many units; every unit that has a loss; always the last one.</summary>
    private sealed class Lines(Terminal terminal, string title) : IProgress<TrainingProgress>
    {
        private readonly Lock _gate = new();
        private readonly Stopwatch _sinceLine = Stopwatch.StartNew();

        public void Report(TrainingProgress value)
        {
            lock (_gate)
            {
                bool due = value.Loss is not null || value.Done >= value.Total || _sinceLine.ElapsedMilliseconds >= 1000;
                if (!due)
                {
                    return;
                }

                _sinceLine.Restart();
                terminal.Error.WriteLine($"{title}: {value.Phase} {value.Done}/{value.Total}{Describe(value)}");
            }
        }
    }
}
