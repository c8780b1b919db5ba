using System.CommandLine;
using System.Globalization;
using Recsys.Cli.Options;
using Recsys.Cli.Output;
using Recsys.Engine;
using Recsys.Engine.Data;
using Recsys.Engine.Serving;

namespace Recsys.Client.Commands;

/// <summary><c>recsys-client ingest FILE|-</c>: sends a file of interactions as events.</summary>
internal static class IngestCommand
{
    private const int DefaultBatch = 2000;

    public static Command Create(Terminal terminal, ClusterOptionSet cluster)
    {
        var file = new Argument<string>("FILE") { Description = "interactions in any of the formats of docs/data.md; - for standard input" };
        var source = new Option<string?>("--source") { Description = "what the events' ids begin with: event k of a source is sent once, however often it is repeated (default: the file's name)", HelpName = "NAME" };
        var kind = new Option<string>("--kind") { Description = "what users did: view, click, purchase, like, … (default click; negative weights: dislike)", HelpName = "KIND", DefaultValueFactory = _ => "click" };
        var from = new Option<long>("--from") { Description = "events to pass over, e.g. where an earlier run was stopped (default 0)", HelpName = "N" };
        var batch = new Option<int>("--batch") { Description = $"events sent together (default {DefaultBatch})", HelpName = "N", DefaultValueFactory = _ => DefaultBatch };
        var parallel = new Option<int>("--parallel") { Description = "batches under way at a time; 1 keeps the file's order (default 4)", HelpName = "N", DefaultValueFactory = _ => 4 };
        var reading = new DataOptionSet();
        var command = new Command("ingest", "Sends a file of interactions as events. May be repeated: what was accepted before changes nothing.") { file, source, kind, from, batch, parallel };
        reading.AddTo(command);
        command.SetAction(RunAsync);
        return command;

        async Task<int> RunAsync(ParseResult result, CancellationToken token)
        {
            string path = result.GetValue(file)!;
            var options = reading.Read(result);
            var (log, report) = path == "-"
                ? InteractionReader.Read(Console.OpenStandardInput(), "standard input", options, cancellationToken: token)
                : InteractionReader.Read(path, options, cancellationToken: token);
            DataOptionSet.DescribeLeftOut(terminal, report);
            string prefix = result.GetValue(source) ?? (path == "-"
                ? throw new InvalidOptionException("standard input needs --source NAME: it makes the events' ids")
                : Path.GetFileName(path));
            await using var client = await cluster.ConnectAsync(result, token).ConfigureAwait(false);
            string name = result.GetValue(kind)!;
            if (!client.Events.Kinds.Contains(name))
            {
                throw new InvalidOptionException($"--kind: expected one of {string.Join(", ", client.Events.Kinds)}, found '{name}'");
            }

            var run = new IngestRun(client.Events, log, prefix, name, AtLeastOne(result, batch));
            var total = await run.SendAsync(result.GetValue(from), AtLeastOne(result, parallel), terminal, token).ConfigureAwait(false);
            terminal.Out.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{total.Accepted:N0} accepted, {total.Duplicates:N0} known already, {total.Seconds:F1} s ({(total.Accepted + total.Duplicates) / Math.Max(total.Seconds, 1e-9):N0}/s)"));
            return 0;
        }
    }

    private static int AtLeastOne(ParseResult result, Option<int> option) => result.GetValue(option) is > 0 and var value
        ? value
        : throw new InvalidOptionException($"{option.Name}: expected 1 or more, found {result.GetValue(option)}");
}
