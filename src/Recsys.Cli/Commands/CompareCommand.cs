using System.CommandLine;
using System.Diagnostics;
using Recsys.Cli.Options;
using Recsys.Cli.Output;
using Recsys.Engine;
using Recsys.Engine.Comparing;
using Recsys.Engine.Data;
using Recsys.Engine.Evaluation;
using Recsys.Engine.Evaluation.Reporting;
using Recsys.Engine.Models;

namespace Recsys.Cli.Commands;

/// <summary><c>recsys compare --train FILE (--test FILE | --fold-in FILE --held-out FILE) --models als,ease,blend</c>.</summary>
internal static class CompareCommand
{
    private const string DefaultModels = "popularity,als,ease,blend";
    private static readonly int[] Curve = [1, 5, 10, 20, 50, 100];

    public static Command Create(Terminal terminal)
    {
        var files = new HeldOutOptionSet();
        var models = new Option<string?>("--models")
        {
            Description = $"the models: als,ease,blend, or with options als:alpha=11,regularization=100;ease:regularization=700;NAME=als:factors=32 (default {DefaultModels})",
            HelpName = "LIST",
        };
        var preset = new Option<string?>("--preset")
        {
            Description = "a ready list of models; options given to one of its kind by --models hold for all of them",
            HelpName = string.Join('|', ComparisonPresets.Names),
        };
        var metrics = new Option<string?>("--metrics") { Description = "metrics, separated by commas: recall@20,ndcg@100", HelpName = "LIST" };
        var against = new Option<string>("--against")
        {
            Description = "the model the others are compared with: best (by the first metric), first, or one of --models",
            HelpName = "MODEL",
            DefaultValueFactory = _ => ComparisonOptions.Best,
        };
        var json = new Option<string?>("--json") { Description = "write the result as JSON", HelpName = "FILE" };
        var report = new Option<string?>("--report") { Description = "write a self-contained HTML report", HelpName = "FILE" };
        var resamples = new Option<int>("--bootstrap") { Description = "bootstrap resamples of intervals and comparisons; 0 for none", HelpName = "N", DefaultValueFactory = _ => 1000 };
        var threads = new Option<string?>("--threads") { Description = "threads to use; 0 for one per processor (default 0)", HelpName = "N" };
        var seed = new Option<string?>("--seed") { Description = "seed of all randomness of models that name none (default 42)", HelpName = "N" };
        var reading = new DataOptionSet();
        var command = new Command("compare", "Trains several models on the same data and compares them on held-out interactions.");
        files.AddTo(command);
        foreach (var option in new Option[] { models, preset, metrics, against, json, report, resamples, threads, seed })
        {
            command.Add(option);
        }

        reading.AddTo(command);
        command.SetAction((result, token) => Task.FromResult(Run(result, token)));
        return command;

        int Run(ParseResult result, CancellationToken token)
        {
            files.Require(result);
            var common = new OptionBag(from o in new[] { (Name: "threads", Text: result.GetValue(threads)), (Name: "seed", Text: result.GetValue(seed)) }
                                       where o.Text is not null
                                       select new KeyValuePair<string, string>(o.Name, o.Text));
            var specs = Specs(result).Select(s => s.WithDefault("threads", common.Text("threads")).WithDefault("seed", common.Text("seed"))).ToList();
            var options = new ComparisonOptions
            {
                Against = result.GetValue(against)!,
                Evaluation = new EvaluationOptions
                {
                    Metrics = Metric.ParseList(result.GetValue(metrics) ?? (files.IsStrong(result) ? "ndcg@100,recall@20,recall@50" : "ndcg@20,recall_full@20")),
                    Resamples = result.GetValue(resamples),
                    CurveCutoffs = result.GetValue(report) is null ? [] : Curve,
                    Threads = common.Int("threads", 0),
                },
            };
            options.Evaluation.Validate();
            var clock = Stopwatch.StartNew();
            var data = files.Load(result, reading.Read(result), terminal, token) with { ReadSeconds = clock.Elapsed.TotalSeconds };
            var comparison = ProgressView.Run(terminal, "compare", progress => ModelComparison.Run(data, specs, options, progress, token));
            ComparisonOutput.Write(terminal.Out, comparison);
            if (result.GetValue(json) is { } jsonFile)
            {
                ComparisonJson.WriteFile(comparison, jsonFile);
            }

            if (result.GetValue(report) is { } reportFile)
            {
                var page = new ReportData($"{comparison.Models.Count} models on {comparison.Dataset}", [.. comparison.Models.Select(m => m.Run)])
                {
                    Created = DateTimeOffset.UtcNow,
                    Comparisons = comparison.Comparisons,
                };
                HtmlReport.WriteFile(page, reportFile);
            }

            return 0;
        }

        IReadOnlyList<ModelSpec> Specs(ParseResult result)
        {
            string? list = result.GetValue(models);
            return result.GetValue(preset) is { } name
                ? ComparisonPresets.Expand(name, list is null ? [] : ModelSpec.ParseList(list))
                : ModelSpec.ParseList(list ?? DefaultModels);
        }
    }
}
