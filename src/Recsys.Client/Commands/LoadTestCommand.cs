using System.CommandLine;
using Recsys.Cli.Load;
using Recsys.Cli.Output;
using Recsys.Engine;
using Recsys.Engine.Serving;

namespace Recsys.Client.Commands;

/// <summary><c>recsys-client load-test</c>: asks for recommendations at a rate, or as fast as they are answered.</summary>
internal static class LoadTestCommand
{
    public static Command Create(Terminal terminal, ClusterOptionSet cluster)
    {
        var rate = new Option<double>("--rate") { Description = "calls a second, made when they are due whether or not earlier ones are answered; 0 for as many as are answered (default 0)", HelpName = "N" };
        var seconds = new Option<double>("--seconds") { Description = "how long (default 10)", HelpName = "S", DefaultValueFactory = _ => 10 };
        var warmUp = new Option<double>("--warm-up") { Description = "seconds before that do not count (default 2)", HelpName = "S", DefaultValueFactory = _ => 2 };
        var callers = new Option<int>("--callers") { Description = "with rate 0: callers that wait for their answers (default 32)", HelpName = "N", DefaultValueFactory = _ => 32 };
        var count = new Option<int>("--count", "-n") { Description = "items a call asks for (default 20)", HelpName = "N", DefaultValueFactory = _ => 20 };
        var model = new Option<string?>("--model") { Description = "which model (default: the cluster's default)", HelpName = "NAME" };
        var users = new Option<string?>("--users") { Description = "file of user ids, one a line (default: 1000 users of the cluster)", HelpName = "FILE" };
        var saturation = new Option<bool>("--find-saturation") { Description = "find the largest rate that is sustained: answers keep up, none fails, p99 within --most-p99; each rate is tried for --seconds, beginning with --rate (default 500), and the one found must last --confirm-seconds" };
        var confirm = new Option<double>("--confirm-seconds") { Description = "with --find-saturation: how long the found rate has to last, or the next lower is taken (default 30)", HelpName = "S", DefaultValueFactory = _ => 30 };
        var mostP99 = new Option<double>("--most-p99") { Description = "with --find-saturation: milliseconds (default 100)", HelpName = "MS", DefaultValueFactory = _ => 100 };
        var dryRun = new Option<bool>("--dry-run") { Description = "calls that are due are answered at once, without the cluster: the latency that this machine's timers and scheduler add by themselves; with --rate" };
        var json = new Option<bool>("--json") { Description = "print JSON" };
        var command = new Command("load-test", "Measures recommendations: calls a second and latency, counted from when each call was due.") { rate, seconds, warmUp, callers, count, model, users, saturation, confirm, mostP99, dryRun, json };
        command.SetAction(RunAsync);
        return command;

        async Task<int> RunAsync(ParseResult result, CancellationToken token)
        {
            double perSecond = result.GetValue(rate);
            double length = result.GetValue(seconds);
            if (!(result.GetValue(mostP99) > 0 && result.GetValue(confirm) > 0))
            {
                throw new InvalidOptionException("load-test: --most-p99 and --confirm-seconds must be above 0");
            }

            if (!(perSecond >= 0 && length > 0 && result.GetValue(callers) > 0 && result.GetValue(warmUp) >= 0))
            {
                throw new InvalidOptionException("load-test: --rate and --warm-up must be 0 or more, --seconds and --callers above 0");
            }

            bool dry = result.GetValue(dryRun);
            if (dry && (!(perSecond > 0) || result.GetValue(saturation)))
            {
                throw new InvalidOptionException("load-test: --dry-run needs a --rate above 0, without --find-saturation");
            }

            await using var calls = dry ? LoadTestCalls.Dry() : await ConnectAsync(result, token).ConfigureAwait(false);
            if (result.GetValue(saturation))
            {
                perSecond = perSecond > 0 ? perSecond : 500;
            }

            if (result.GetValue(warmUp) is > 0 and var warm)
            {
                await RunOnceAsync(warm).ConfigureAwait(false);
            }

            long repeatedBefore = calls.Repeated;
            if (result.GetValue(saturation))
            {
                var search = new SaturationSearch(
                    r => LoadLoop.OpenAsync(r, length, CallAsync, token),
                    r => LoadLoop.OpenAsync(r, Math.Max(length, result.GetValue(confirm)), CallAsync, token),
                    result.GetValue(mostP99))
                {
                    Measured = (r, m, sustained) => terminal.Notice(LoadTestOutput.Tried(r, m, sustained)),
                };
                var (most, at) = await search.FindAsync(perSecond, token).ConfigureAwait(false);
                at = at ?? throw new RecsysException("load-test: not one call a second is sustained");
                LoadTestOutput.Write(terminal.Out, result.GetValue(json), most, at, calls.Repeated - repeatedBefore);
                return 0;
            }

            var outcome = await RunOnceAsync(length).ConfigureAwait(false);
            LoadTestOutput.Write(terminal.Out, result.GetValue(json), perSecond, outcome, calls.Repeated - repeatedBefore);
            if (calls.FirstError is { } error)
            {
                terminal.Notice($"first failure: {error}");
            }

            return outcome.Failed == 0 ? 0 : 1;

            Task<LoadResult> RunOnceAsync(double time) => perSecond > 0
                ? LoadLoop.OpenAsync(perSecond, time, CallAsync, token)
                : LoadLoop.ClosedAsync(result.GetValue(callers), time, CallAsync, token);

            Task<bool> CallAsync(long k) => calls.CallAsync(k, token);
        }

        async Task<LoadTestCalls> ConnectAsync(ParseResult result, CancellationToken token)
        {
            var client = await cluster.ConnectAsync(result, token).ConfigureAwait(false);
            try
            {
                string[] ids = result.GetValue(users) is { } file
                    ? [.. File.ReadLines(file).Where(l => l.Length > 0)]
                    : [.. (await client.Recommender.SearchAsync(SearchKind.User, "", 1000, token).ConfigureAwait(false)).Select(h => h.Id)];
                return ids.Length > 0
                    ? LoadTestCalls.To(client, [.. ids.Select(id => new RecommendationQuery { User = id, Count = result.GetValue(count), Model = result.GetValue(model) })])
                    : throw new RecsysException("load-test: there are no users to ask for");
            }
            catch
            {
                await client.DisposeAsync().ConfigureAwait(false);
                throw;
            }
        }
    }
}
