using System.CommandLine;
using Recsys.Cli.Output;
using Recsys.Engine.Serving;

namespace Recsys.Client.Commands;

/// <summary><c>recsys-client similar ITEM</c>.</summary>
internal static class SimilarCommand
{
    public static Command Create(Terminal terminal, ClusterOptionSet cluster)
    {
        var item = new Argument<string>("ITEM") { Description = "the item's id" };
        var count = new Option<int>("--count", "-n") { Description = "how many (default 20)", HelpName = "N", DefaultValueFactory = _ => 20 };
        var opposite = new Option<bool>("--opposite") { Description = "the items that suppress it most" };
        var model = new Option<string?>("--model") { Description = "which model (default: the cluster's default)", HelpName = "NAME" };
        var format = FormatOption.Create();
        var command = new Command("similar", "Shows an item's neighbours.") { item, count, opposite, model, format };
        command.SetAction(async (result, token) =>
        {
            await using var client = await cluster.ConnectAsync(result, token).ConfigureAwait(false);
            var query = new SimilarQuery(result.GetValue(item)!)
            {
                Count = result.GetValue(count),
                Opposite = result.GetValue(opposite),
                Model = result.GetValue(model),
            };
            ItemListOutput.Write(terminal.Out, result.GetValue(format)!, await client.Recommender.SimilarAsync(query, token).ConfigureAwait(false));
            return 0;
        });
        return command;
    }
}
