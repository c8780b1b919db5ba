using System.CommandLine;
using Recsys.Cli.Output;
using Recsys.Engine;
using Recsys.Engine.Serving;

namespace Recsys.Client.Commands;

/// <summary><c>recsys-client recommend USER</c>.</summary>
internal static class RecommendCommand
{
    public static Command Create(Terminal terminal, ClusterOptionSet cluster)
    {
        var user = new Argument<string?>("USER") { Description = "the user's id", Arity = ArgumentArity.ZeroOrOne };
        var items = new Option<string?>("--items", "-i") { Description = "a history instead of a user: item ids, separated by commas", HelpName = "ID,ID" };
        var count = new Option<int>("--count", "-n") { Description = "how many (default 20)", HelpName = "N", DefaultValueFactory = _ => 20 };
        var model = new Option<string?>("--model") { Description = "which model (default: the cluster's default)", HelpName = "NAME" };
        var category = new Option<string[]>("--category") { Description = "only items of one of these categories", HelpName = "NAME" };
        var exclude = new Option<string?>("--exclude") { Description = "items never to return, separated by commas", HelpName = "ID,ID" };
        var keepSeen = new Option<bool>("--keep-seen") { Description = "also return items of the history" };
        var explain = new Option<bool>("--explain") { Description = "show what in the history speaks for and against each item" };
        var format = FormatOption.Create();
        var command = new Command("recommend", "Recommends items for a user or a history.") { user, items, count, model, category, exclude, keepSeen, explain, format };
        command.SetAction(async (result, token) =>
        {
            string? id = result.GetValue(user);
            string[]? history = result.GetValue(items) is { } text ? Split(text) : null;
            if ((id is null) == (history is null))
            {
                throw new InvalidOptionException("recommend needs either USER or --items ID,ID");
            }

            await using var client = await cluster.ConnectAsync(result, token).ConfigureAwait(false);
            var list = await client.Recommender.RecommendAsync(
                new RecommendationQuery
                {
                    User = id,
                    History = history is null ? null : [.. history.Select(i => new HistoryItem(i))],
                    Count = result.GetValue(count),
                    Model = result.GetValue(model),
                    Categories = result.GetValue(category) ?? [],
                    Exclude = result.GetValue(exclude) is { } excluded ? Split(excluded) : [],
                    KeepSeen = result.GetValue(keepSeen),
                    Explain = result.GetValue(explain),
                },
                token).ConfigureAwait(false);
            if (list.Fallback)
            {
                terminal.Notice("nothing is known of this user: popular items");
            }

            ItemListOutput.Write(terminal.Out, result.GetValue(format)!, list);
            return 0;
        });
        return command;
    }

    private static string[] Split(string text) => text.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
}
