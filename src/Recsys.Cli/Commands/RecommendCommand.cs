using System.CommandLine;
using Recsys.Cli.Options;
using Recsys.Cli.Output;
using Recsys.Engine;
using Recsys.Engine.Data;
using Recsys.Engine.Models;

namespace Recsys.Cli.Commands;

/// <summary><c>recsys recommend MODEL (--user ID | --items ID,ID)</c>.</summary>
internal static class RecommendCommand
{
    public static Command Create(Terminal terminal)
    {
        var directory = new Argument<string>("MODEL") { Description = "directory of a saved model" };
        var user = new Option<string?>("--user", "-u") { Description = "a user the model was trained on", HelpName = "ID" };
        var items = new Option<string?>("--items", "-i") { Description = "a history instead of a user: item ids, separated by commas", HelpName = "ID,ID" };
        var keepSeen = new Option<bool>("--keep-seen") { Description = "also return items of the history" };
        var explain = new Option<bool>("--explain") { Description = "show what in the history speaks for and against each item" };
        var ranking = new RankingOptionSet();
        var command = new Command("recommend", "Recommends items for a user or a history.") { directory, user, items, keepSeen, explain };
        ranking.AddTo(command);
        command.SetAction((result, token) => Task.FromResult(Run(result, token)));
        return command;

        int Run(ParseResult result, CancellationToken token)
        {
            string? userId = result.GetValue(user);
            string? history = result.GetValue(items);
            if ((userId is null) == (history is null))
            {
                throw new InvalidOptionException("recommend needs either --user ID or --items ID,ID");
            }

            using var model = Algorithms.Load(result.GetValue(directory)!, token);
            var profile = userId is not null ? model.GetUser(IndexOf(model.Users, "user", userId)) : FoldIn(model, history!);
            var view = ranking.Resolve(result, model, token);
            var filter = view.Filter with { KeepSeen = result.GetValue(keepSeen) };
            var best = new ScoredItem[Math.Min(view.Count, model.Items.Count)];
            int found = model.Recommend(profile, filter, best);
            view.Output.Write(
                terminal.Out, view.Format, best.AsSpan(0, found), result.GetValue(explain) ? item => model.Explain(profile, item) : null);
            return 0;
        }
    }

    internal static int IndexOf(IdTable table, string kind, string id) =>
        table.TryGetIndex(id, out int index) ? index : throw new UnknownIdException(kind, id);

    private static UserProfile FoldIn(IRecommenderModel model, string history)
    {
        int[] indices = [.. history.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
            .Select(id => IndexOf(model.Items, "item", id)).Distinct().Order()];
        return model.FoldIn(indices, default);
    }
}
