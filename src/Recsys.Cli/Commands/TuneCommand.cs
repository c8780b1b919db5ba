using System.CommandLine;
using System.Globalization;
using Recsys.Cli.Options;
using Recsys.Cli.Output;
using Recsys.Engine;
using Recsys.Engine.Data;
using Recsys.Engine.Evaluation;
using Recsys.Engine.Models;
using Recsys.Engine.Storage;
using Recsys.Engine.Tuning;

namespace Recsys.Cli.Commands;

/// <summary><c>recsys tune DATA [--model …]</c>: searches the options of models on a validation part.</summary>
internal static class TuneCommand
{
    private const string DefaultModels = "ease,als";

    public static Command Create(Terminal terminal)
    {
        var files = new TuneFiles(terminal);
        var metric = new Option<string>("--metric") { Description = "what is to be high on the validation part", HelpName = "METRIC", DefaultValueFactory = _ => "ndcg@100" };
        var trials = new Option<int>("--trials") { Description = "configurations of each model at most", HelpName = "N", DefaultValueFactory = _ => 60 };
        var minutes = new Option<double>("--minutes") { Description = "time for everything, the last training included; 0: no limit", HelpName = "M", DefaultValueFactory = _ => 10 };
        var users = new Option<int>("--validation-users") { Description = "users to measure on at most", HelpName = "N", DefaultValueFactory = _ => 5000 };
        var journal = new Option<string?>("--journal") { Description = "keep every trial in this file; the same command goes on from it", HelpName = "FILE" };
        var json = new Option<string?>("--json") { Description = "write the result as JSON", HelpName = "FILE" };
        var report = new Option<string?>("--report") { Description = "write a self-contained HTML report", HelpName = "FILE" };
        var output = new Option<string?>("--output", "-o") { Description = "train the best on all of the training data and save it here", HelpName = "MODEL" };
        var force = new Option<bool>("--force") { Description = "replace a model that is there already" };
        var models = new ModelOptionSet(DefaultModels);
        var reading = new DataOptionSet();
        var command = new Command(
            "tune",
            "Searches the best options of models on a validation part. An option may be a span (--alpha 1..100), a list (--factors 64,128) or one value, which stays; those not given are searched in a range of their own.");
        files.AddTo(command);
        foreach (var option in new Option[] { metric, trials, minutes, users, journal, json, report, output, force })
        {
            command.Add(option);
        }

        models.AddTo(command);
        reading.AddTo(command);
        command.SetAction((result, token) => Task.FromResult(Run(result, token)));
        return command;

        int Run(ParseResult result, CancellationToken token)
        {
            string? target = result.GetValue(output);
            if (target is not null && Path.Exists(target) && !result.GetValue(force))
            {
                throw new InvalidOptionException($"{target} exists already: choose another name, or --force to replace it");
            }

            var clock = System.Diagnostics.Stopwatch.StartNew();
            files.Require(result);
            var bag = models.Bag(result);
            var searches = Searches(models.Many(result), bag);
            ulong seed = bag.UInt64("seed", 42);
            var options = new TuningOptions
            {
                Metric = Metric.Parse(result.GetValue(metric)!),
                Trials = result.GetValue(trials),
                Budget = Minutes(result.GetValue(minutes)),
                Seed = seed,
                Threads = bag.Int("threads", 0),
            };
            options.Validate();
            Require(result.GetValue(users) >= 1, "--validation-users: expected 1 or more");
            var input = files.Load(result, reading.Read(result), seed, token);
            var data = input.Tuning.Sample(result.GetValue(users), seed);
            bool trainsLast = target is not null || input.HasTest;
            options = options with
            {
                LastTraining = trainsLast ? input.Last : null,
                Budget = options.Budget is { } all ? Max(all - clock.Elapsed, TimeSpan.FromSeconds(1)) : null,
            };
            foreach (var search in searches)
            {
                terminal.Notice($"tune: {search.Algorithm.Name}: {search}");
            }

            using var kept = result.GetValue(journal) is { } file ? TuningJournal.Open(file, data, options.Metric) : null;
            if (kept is { Known: > 0 })
            {
                terminal.Notice($"tune: {kept.Known} trials are in {kept.Path} already");
            }

            var outcome = TuneView.Run(terminal, options.Metric, progress => Tuner.Run(data, searches, options, kept, progress, token));
            TuneOutput.WriteTable(terminal.Out, outcome);
            if (outcome.Best is not { } best)
            {
                throw outcome.End == TuningEnd.Cancelled
                    ? new RecsysException("cancelled before the first trial ended")
                    : new RecsysException("tune: no trial came to its end" + (outcome.Trials.FirstOrDefault()?.Error is { } why ? $": {why}" : " in time: give it more --minutes"));
            }

            string fit = string.Join(' ', ["recsys fit", Quote(input.LastPath), .. reading.Written(result).Select(Quote), best.CommandLine, "-o", Quote(target ?? "MODEL")]);
            terminal.Out.WriteLine();
            terminal.Out.WriteLine($"best: {fit}");
            terminal.Out.Flush();
            if (result.GetValue(report) is { } reportFile)
            {
                TuningReport.WriteFile(outcome, searches, input.Name, fit, DateTimeOffset.UtcNow, reportFile);
            }

            WriteJson(null);
            if (outcome.End == TuningEnd.Cancelled)
            {
                terminal.Error.WriteLine(kept is null
                    ? "recsys: cancelled; the trials so far are above (with --journal FILE they would be kept)"
                    : $"recsys: cancelled; {kept.Path} keeps the trials so far: the same command goes on from them");
                return 1;
            }

            if (trainsLast && TrainLast(result, outcome, best, input, target, token) is { } test)
            {
                WriteJson(test);
            }

            return 0;

            void WriteJson(EvaluationResult? test)
            {
                if (result.GetValue(json) is { } jsonFile)
                {
                    TuningJson.WriteFile(outcome, input.Name, fit, test, jsonFile);
                }
            }
        }

        EvaluationResult? TrainLast(ParseResult result, TuningResult outcome, Trial best, TuneInput input, string? target, CancellationToken token)
        {
            var algorithm = Algorithms.Get(best.Model);
            using var model = ProgressView.Run(
                terminal, algorithm.Name, progress => algorithm.Train(input.Last, new OptionBag(best.Options), progress, token));
            EvaluationResult? test = null;
            if (input.Test(model) is { } task)
            {
                var evaluation = new EvaluationOptions { Metrics = [.. EvaluationOptions.DefaultMetrics.Prepend(outcome.Metric).Distinct()] };
                test = ProgressView.Run(terminal, "evaluate", progress => Evaluator.Evaluate(model, task, evaluation, progress, token));
                terminal.Out.WriteLine();
                terminal.Out.WriteLine($"the best model, trained on {input.LastPath}, on the test part:");
                EvaluationOutput.WriteTable(terminal.Out, test);
            }

            if (target is not null)
            {
                var contents = model.ToContents();
                var metrics = new Dictionary<string, double>(contents.Facts.Metrics) { [$"validation {outcome.Metric}"] = best.Value };
                contents = contents with { Facts = contents.Facts with { Metrics = metrics } };
                ProgressView.Run(terminal, "save", progress =>
                {
                    ModelStore.Save(contents, target, new SaveOptions { Overwrite = result.GetValue(force) }, progress, token);
                    return true;
                });
                terminal.Notice($"tune: the best model is in {target}");
            }

            return test;
        }
    }

    /// <summary>An option is for those models that take it.</summary>
    private static List<ModelSearch> Searches(IReadOnlyList<IAlgorithm> algorithms, OptionBag given)
    {
        Require(algorithms.Count > 0, "--model: expected models, separated by commas");
        if (algorithms.Count == 1)
        {
            return [ModelSearch.Create(algorithms[0], given)];
        }

        foreach (string name in given.Values.Keys)
        {
            Require(
                algorithms.Any(a => a.Options.Any(o => o.Name == name)),
                $"none of {string.Join(", ", algorithms.Select(a => a.Name))} takes --{name}");
        }

        return [.. algorithms.Select(a => ModelSearch.Create(
            a, new OptionBag(given.Values.Where(v => a.Options.Any(o => o.Name == v.Key)))))];
    }

    private static TimeSpan? Minutes(double minutes)
    {
        Require(minutes >= 0 && minutes <= 1e6, $"--minutes: expected 0 or more, found {minutes.ToString(CultureInfo.InvariantCulture)}");
        return minutes == 0 ? null : TimeSpan.FromMinutes(minutes);
    }

    private static TimeSpan Max(TimeSpan a, TimeSpan b) => a > b ? a : b;

    private static void Require(bool holds, string message)
    {
        if (!holds)
        {
            throw new InvalidOptionException(message);
        }
    }

    /// <summary>A word as a shell takes it.</summary>
    private static string Quote(string word) =>
        word.Length > 0 && word.All(c => char.IsAsciiLetterOrDigit(c) || "-_./:,+@%=~".Contains(c, StringComparison.Ordinal))
            ? word
            : "'" + word.Replace("'", "'\\''", StringComparison.Ordinal) + "'";
}
