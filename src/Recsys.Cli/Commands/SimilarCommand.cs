using System.CommandLine;
using Recsys.Cli.Options;
using Recsys.Cli.Output;
using Recsys.Engine;
using Recsys.Engine.Models;

namespace Recsys.Cli.Commands;

/// <summary><c>recsys similar MODEL ITEM [--opposite]</c>.</summary>
internal static class SimilarCommand
{
    public static Command Create(Terminal terminal)
    {
        var directory = new Argument<string>("MODEL") { Description = "directory of a saved model" };
        var item = new Argument<string>("ITEM") { Description = "item id" };
        var opposite = new Option<bool>("--opposite") { Description = "the items that suppress ITEM most" };
        var ranking = new RankingOptionSet();
        var command = new Command("similar", "Shows the items most like an item, or those that suppress it most.") { directory, item, opposite };
        ranking.AddTo(command);
        command.SetAction((result, token) => Task.FromResult(Run(result, token)));
        return command;

        int Run(ParseResult result, CancellationToken token)
        {
            using var model = Algorithms.Load(result.GetValue(directory)!, token);
            if (model.Algorithm == "popularity")
            {
                throw new InvalidOptionException("a popularity model knows no likeness of items");
            }

            int index = RecommendCommand.IndexOf(model.Items, "item", result.GetValue(item)!);
            var view = ranking.Resolve(result, model, token);
            var best = new ScoredItem[Math.Min(view.Count, model.Items.Count)];
            int found = model.Similar(index, result.GetValue(opposite), view.Filter, best);
            view.Output.Write(terminal.Out, view.Format, best.AsSpan(0, found), explain: null);
            return 0;
        }
    }
}
