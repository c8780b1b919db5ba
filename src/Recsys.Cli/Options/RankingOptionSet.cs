using System.CommandLine;
using Recsys.Cli.Commands;
using Recsys.Cli.Output;
using Recsys.Engine;
using Recsys.Engine.Models;

namespace Recsys.Cli.Options;

/// <summary>How many items, which ones may come, and how they are shown.</summary>
internal sealed class RankingOptionSet
{
    private readonly Option<int> _count = new("--count", "-n") { Description = "how many items", HelpName = "N", DefaultValueFactory = _ => 20 };
    private readonly Option<string> _format;
    private readonly Option<string?> _exclude = new("--exclude") { Description = "items never to return, separated by commas", HelpName = "ID,ID" };
    private readonly Option<string?> _only = new("--only") { Description = "return none but these items, separated by commas", HelpName = "ID,ID" };

    public RankingOptionSet()
    {
        _format = new Option<string>("--output-format") { Description = "how to print the result", DefaultValueFactory = _ => "table" };
        _format.AcceptOnlyFromAmong("table", "tsv", "json");
        _format.HelpName = "table|tsv|json";
    }

    public void AddTo(Command command)
    {
        foreach (var option in new Option[] { _count, _exclude, _only, _format })
        {
            command.Add(option);
        }
    }

    public RankingView Resolve(ParseResult result, IRecommenderModel model)
    {
        int count = result.GetValue(_count);
        if (count < 1)
        {
            throw new InvalidOptionException($"-n: expected 1 or more, found {count}");
        }

        var filter = new ItemFilter
        {
            Exclude = result.GetValue(_exclude) is { } excluded ? Indices(model, excluded) : default,
            Allowed = result.GetValue(_only) is { } only ? Mask(model.Items.Count, Indices(model, only)) : default(ReadOnlyMemory<ulong>?),
        };
        return new RankingView(count, filter, result.GetValue(_format)!, new RecommendationOutput(model, names: null));
    }

    private static int[] Indices(IRecommenderModel model, string list) =>
        [.. list.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
            .Select(id => RecommendCommand.IndexOf(model.Items, "item", id)).Distinct().Order()];

    private static ReadOnlyMemory<ulong> Mask(int items, int[] indices)
    {
        var mask = new ulong[(items + 63) / 64];
        foreach (int i in indices)
        {
            mask[i >> 6] |= 1UL << (i & 63);
        }

        return mask;
    }
}
