using System.CommandLine;
using Recsys.Cli.Options;
using Recsys.Cli.Output;
using Recsys.Engine;
using Recsys.Engine.Data;
using Recsys.Engine.Evaluation;
using Recsys.Engine.Logistic;
using Recsys.Engine.Online.Prequential;

namespace Recsys.Cli.Commands;

/// <summary><c>recsys replay DATA</c>: prequential evaluation: score each event in the order of time, then learn it.</summary>
internal static class ReplayCommand
{
    private static readonly Dictionary<string, LmfLoss> Losses = new()
    {
        ["softmax"] = LmfLoss.Softmax,
        ["lmf"] = LmfLoss.Logistic,
        ["bpr"] = LmfLoss.Bpr,
    };

    public static Command Create(Terminal terminal)
    {
        var defaults = new PrequentialOptions();
        var data = new Argument<string>("DATA") { Description = "file of interactions with times" };
        var share = new Option<double>("--train-share") { Description = "share of the events to train on first", HelpName = "SHARE", DefaultValueFactory = _ => defaults.TrainShare };
        var strategies = new Option<string?>("--strategies")
        {
            Description = "what to compare, separated by commas; the first is what gains are measured against: popularity, frozen, fold-in, lmf:SAMPLER, lmf-frozen:SAMPLER, ease, ease-frozen, ease-fold-in",
            HelpName = "LIST",
        };
        var negatives = new Option<string?>("--negatives") { Description = "compare this negative sampler only, e.g. popularity:0.75", HelpName = "SAMPLER" };
        var metrics = new Option<string?>("--metrics") { Description = "metrics, separated by commas: hit_rate@10,ndcg@20", HelpName = "LIST" };
        var factors = new Option<int>("--factors") { Description = "factors of ALS and logistic MF", HelpName = "K", DefaultValueFactory = _ => defaults.Als.Factors };
        var alpha = new Option<double>("--alpha") { Description = "alpha of ALS", HelpName = "A", DefaultValueFactory = _ => defaults.Als.Alpha ?? 1 };
        var regularization = new Option<double>("--regularization") { Description = "lambda of ALS", HelpName = "L", DefaultValueFactory = _ => defaults.Als.Regularization };
        var ease = new Option<double>("--ease-regularization") { Description = "lambda of EASE", HelpName = "L", DefaultValueFactory = _ => defaults.EaseRegularization };
        var every = new Option<int>("--ease-every") { Description = "events after which EASE takes a step", HelpName = "N", DefaultValueFactory = _ => defaults.EaseEvery };
        var loss = new Option<string>("--loss") { Description = "loss of logistic MF", HelpName = string.Join('|', Losses.Keys), DefaultValueFactory = _ => "softmax" };
        loss.AcceptOnlyFromAmong([.. Losses.Keys]);
        var count = new Option<int?>("--negative-count") { Description = "negatives of a click", HelpName = "N" };
        var rate = new Option<float?>("--learning-rate") { Description = "learning rate of logistic MF", HelpName = "R" };
        var epochs = new Option<int?>("--iterations") { Description = "passes of logistic MF over the training part", HelpName = "N" };
        var slices = new Option<int>("--slices") { Description = "slices of the stream for the curves", HelpName = "N", DefaultValueFactory = _ => defaults.Slices };
        var resamples = new Option<int>("--bootstrap") { Description = "bootstrap resamples of the users; 0 for none", HelpName = "N", DefaultValueFactory = _ => defaults.Resamples };
        var seed = new Option<ulong>("--seed") { Description = "seed of all randomness", HelpName = "N", DefaultValueFactory = _ => defaults.Seed };
        var threads = new Option<int>("--threads") { Description = "threads to train with; 0 for one per processor", HelpName = "N" };
        var json = new Option<string?>("--json") { Description = "write the result as JSON", HelpName = "FILE" };
        var report = new Option<string?>("--report") { Description = "write a self-contained HTML report", HelpName = "FILE" };
        var reading = new DataOptionSet();
        var command = new Command("replay", "Replays events in the order of time: scores each, then learns it, and compares ways of learning.")
        {
            data, share, strategies, negatives, metrics, factors, alpha, regularization, ease, every, loss, count, rate, epochs, slices, resamples, seed, threads, json, report,
        };
        reading.AddTo(command);
        command.SetAction((result, token) => Task.FromResult(Run(result, token)));
        return command;

        int Run(ParseResult result, CancellationToken token)
        {
            var lmf = LmfOptions.For(Losses[result.GetValue(loss)!]) with { Factors = result.GetValue(factors) };
            lmf = lmf with
            {
                NegativeCount = result.GetValue(count) ?? lmf.NegativeCount,
                LearningRate = result.GetValue(rate) ?? lmf.LearningRate,
                Epochs = result.GetValue(epochs) ?? lmf.Epochs,
            };
            var options = new PrequentialOptions
            {
                TrainShare = result.GetValue(share),
                Strategies = Chosen(result.GetValue(strategies), result.GetValue(negatives)),
                Metrics = result.GetValue(metrics) is { } list ? Metric.ParseList(list) : defaults.Metrics,
                Als = defaults.Als with { Factors = result.GetValue(factors), Alpha = result.GetValue(alpha), Regularization = result.GetValue(regularization) },
                Lmf = lmf,
                EaseRegularization = result.GetValue(ease),
                EaseEvery = result.GetValue(every),
                Slices = result.GetValue(slices),
                Resamples = result.GetValue(resamples),
                Seed = result.GetValue(seed),
                Threads = result.GetValue(threads),
            };
            options.Validate();
            var readOptions = reading.Read(result) with { KeepTimes = true };
            var (log, read) = InteractionReader.Read(result.GetValue(data)!, readOptions, null, token);
            DataOptionSet.DescribeLeftOut(terminal, read);
            var events = readOptions.Binary ? new InteractionLog(log.UserIds, log.ItemIds, log.Users.ToArray(), log.Items.ToArray(), null, log.HasTimes ? log.Times.ToArray() : null) { Name = log.Name } : log;
            var outcome = ProgressView.Run(terminal, "replay", progress => PrequentialRun.Evaluate(events, options, progress, token));
            ReplayOutput.Write(terminal.Out, outcome);
            if (result.GetValue(json) is { } jsonFile)
            {
                PrequentialJson.WriteFile(outcome, jsonFile);
            }

            if (result.GetValue(report) is { } reportFile)
            {
                PrequentialReport.WriteFile(outcome, reportFile);
            }

            return 0;
        }
    }

    private static IReadOnlyList<string> Chosen(string? strategies, string? negatives)
    {
        if (strategies is not null && negatives is not null)
        {
            throw new InvalidOptionException("either --strategies or --negatives, not both");
        }

        return strategies is not null
            ? strategies.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
            : negatives is not null
                ? ["frozen", "fold-in", $"lmf:{negatives}", "ease", "popularity", $"lmf-frozen:{negatives}"]
                : PrequentialStrategies.Default;
    }
}
