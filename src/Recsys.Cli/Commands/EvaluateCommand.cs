using System.CommandLine;
using System.Diagnostics;
using Recsys.Cli.Options;
using Recsys.Cli.Output;
using Recsys.Engine;
using Recsys.Engine.Data;
using Recsys.Engine.Evaluation;
using Recsys.Engine.Evaluation.Reporting;
using Recsys.Engine.Models;

namespace Recsys.Cli.Commands;

/// <summary><c>recsys evaluate --train FILE (--test FILE | --fold-in FILE --held-out FILE) --model …</c>.</summary>
internal static class EvaluateCommand
{
    private static readonly int[] Curve = [1, 5, 10, 20, 50, 100];

    public static Command Create(Terminal terminal)
    {
        var train = new Option<string?>("--train") { Description = "training interactions", HelpName = "FILE" };
        var load = new Option<string?>("--load") { Description = "evaluate this saved model instead of training one", HelpName = "MODEL" };
        var test = new Option<string?>("--test") { Description = "held-out interactions of users of the training data (weak generalisation)", HelpName = "FILE" };
        var foldIn = new Option<string?>("--fold-in") { Description = "histories of users to fold in (strong generalisation)", HelpName = "FILE" };
        var heldOut = new Option<string?>("--held-out") { Description = "held-out interactions of the users of --fold-in", HelpName = "FILE" };
        var metrics = new Option<string?>("--metrics") { Description = "metrics, separated by commas: recall@20,ndcg@100", HelpName = "LIST" };
        var json = new Option<string?>("--json") { Description = "write the result as JSON", HelpName = "FILE" };
        var report = new Option<string?>("--report") { Description = "write a self-contained HTML report", HelpName = "FILE" };
        var resamples = new Option<int>("--bootstrap") { Description = "bootstrap resamples of the confidence intervals; 0 for none", HelpName = "N", DefaultValueFactory = _ => 1000 };
        var model = new ModelOptionSet("als");
        var reading = new DataOptionSet();
        var command = new Command("evaluate", "Trains a model and measures it on held-out interactions.")
        {
            train, load, test, foldIn, heldOut, metrics, json, report, resamples,
        };
        model.AddTo(command);
        reading.AddTo(command);
        command.SetAction((result, token) => Task.FromResult(Run(result, token)));
        return command;

        int Run(ParseResult result, CancellationToken token)
        {
            bool strong = result.GetValue(foldIn) is not null || result.GetValue(heldOut) is not null;
            RequireInputs(result.GetValue(train), result.GetValue(load), result.GetValue(test), result.GetValue(foldIn), result.GetValue(heldOut));
            var evaluation = new EvaluationOptions
            {
                Metrics = result.GetValue(metrics) is { } list ? Metric.ParseList(list) : EvaluationOptions.DefaultMetrics,
                Resamples = result.GetValue(resamples),
                CurveCutoffs = result.GetValue(report) is null ? [] : Curve,
                Threads = model.Bag(result).Int("threads", 0),
            };
            evaluation.Validate();

            var clock = Stopwatch.StartNew();
            var readOptions = reading.Read(result);
            using var subject = Obtain(result, readOptions, clock, token);
            var heldOptions = readOptions with { AllowEmpty = false };
            var held = Load(result.GetValue(strong ? heldOut : test)!, heldOptions, token);
            var task = strong
                ? EvaluationTask.Strong(subject.Model, Load(result.GetValue(foldIn)!, heldOptions, token), held)
                : EvaluationTask.Weak(subject.Model, held);
            double read = clock.Elapsed.TotalSeconds - subject.FitSeconds;
            var outcome = ProgressView.Run(
                terminal, "evaluate", progress => Evaluator.Evaluate(subject.Model, task, evaluation, progress, token));
            EvaluationOutput.WriteTable(terminal.Out, outcome);
            terminal.Out.WriteLine(EvaluationOutput.Times(read, subject.FitSeconds, outcome.Seconds));
            var run = subject.Describe(outcome, read, withWeights: result.GetValue(report) is not null);
            if (result.GetValue(json) is { } jsonFile)
            {
                EvaluationJson.WriteFile(run, jsonFile);
            }

            if (result.GetValue(report) is { } reportFile)
            {
                HtmlReport.WriteFile(new ReportData($"{run.Model} on {run.Dataset}", [run]) { Created = DateTimeOffset.UtcNow }, reportFile);
            }

            return 0;
        }

        EvaluatedModel Obtain(ParseResult result, ReadOptions readOptions, Stopwatch clock, CancellationToken token)
        {
            if (result.GetValue(load) is { } directory)
            {
                return new EvaluatedModel(Algorithms.Load(directory), directory, 0);
            }

            var algorithm = model.Algorithm(result);
            var options = model.Bag(result);
            options.RequireKnown(algorithm);
            var dataset = Load(result.GetValue(train)!, readOptions, token);
            double before = clock.Elapsed.TotalSeconds;
            var trained = ProgressView.Run(terminal, algorithm.Name, progress => algorithm.Train(dataset, options, progress, token));
            return new EvaluatedModel(trained, HeldOutOptionSet.NameOf(result.GetValue(train)!), clock.Elapsed.TotalSeconds - before);
        }

        Dataset Load(string path, ReadOptions readOptions, CancellationToken token)
        {
            var dataset = Dataset.Load(path, readOptions, null, out var readReport, token);
            DataOptionSet.Describe(terminal, dataset, readReport);
            return dataset;
        }
    }

    private static void RequireInputs(string? train, string? load, string? test, string? foldIn, string? heldOut)
    {
        if ((train is null) == (load is null))
        {
            throw new InvalidOptionException("evaluate needs --train FILE to train on, or --load MODEL");
        }

        if ((foldIn is null) != (heldOut is null))
        {
            throw new InvalidOptionException("--fold-in and --held-out go together");
        }

        if ((test is null) == (heldOut is null))
        {
            throw new InvalidOptionException("evaluate needs either --test FILE, or --fold-in FILE and --held-out FILE");
        }
    }
}
