using System.CommandLine;
using Recsys.Cli.Commands;
using Recsys.Cli.Output;
using Recsys.Engine;
using Recsys.Engine.Data;
using Recsys.Engine.Models;

namespace Recsys.Cli.Options;

/// <summary>How many items, which ones may come, and how they are shown.</summary>
internal sealed class RankingOptionSet
{
    private readonly Option<int> _count = new("--count", "-n") { Description = "how many items", HelpName = "N", DefaultValueFactory = _ => 20 };
    private readonly Option<string> _format;
    private readonly CatalogueOptionSet _catalogue = new();

    private readonly Option<string[]> _categories = new("--category")
    {
        Description = "return only items of this category (repeat it for several); needs --items-file",
        HelpName = "NAME",
    };

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
        foreach (var option in new Option[] { _count, _exclude, _only, _categories, _format })
        {
            command.Add(option);
        }

        _catalogue.AddTo(command);
    }

    public RankingView Resolve(ParseResult result, IRecommenderModel model, CancellationToken cancellationToken)
    {
        int count = result.GetValue(_count);
        if (count < 1)
        {
            throw new InvalidOptionException($"-n: expected 1 or more, found {count}");
        }

        var catalogue = _catalogue.Load(result, cancellationToken);
        var filter = new ItemFilter
        {
            Exclude = result.GetValue(_exclude) is { } excluded ? Indices(model, excluded) : default,
            Allowed = Allowed(model, catalogue, result.GetValue(_only), result.GetValue(_categories) ?? []),
        };
        string?[]? names = catalogue?.NamesFor(model.Items);
        return new RankingView(count, filter, result.GetValue(_format)!, new RecommendationOutput(model, names is null ? null : item => names[item]));
    }

    /// <summary>The items of the list and of the categories, or null where neither is given.</summary>
    private static ReadOnlyMemory<ulong>? Allowed(IRecommenderModel model, ItemCatalogue? catalogue, string? only, string[] categories)
    {
        if (categories.Length > 0 && catalogue is null)
        {
            throw new InvalidOptionException("--category needs --items-file FILE, which says what is in a category");
        }

        ReadOnlyMemory<ulong>? byCategory = categories.Length > 0 ? catalogue!.Mask(model.Items, categories) : default(ReadOnlyMemory<ulong>?);
        if (only is null)
        {
            return byCategory;
        }

        ulong[] mask = Mask(model.Items.Count, Indices(model, only));
        for (int w = 0; byCategory is { } other && w < mask.Length; w++)
        {
            mask[w] &= other.Span[w];
        }

        return mask;
    }

    private static int[] Indices(IRecommenderModel model, string list) =>
        [.. list.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
            .Select(id => RecommendCommand.IndexOf(model.Items, "item", id)).Distinct().Order()];

    private static ulong[] Mask(int items, int[] indices)
    {
        var mask = new ulong[(items + 63) / 64];
        foreach (int i in indices)
        {
            mask[i >> 6] |= 1UL << (i & 63);
        }

        return mask;
    }
}
