using System.CommandLine;
using System.Globalization;
using Recsys.Cli.Output;
using Recsys.Engine;
using Recsys.Engine.Data;

namespace Recsys.Cli.Options;

/// <summary>How input files are read.</summary>
internal sealed class DataOptionSet
{
    private static readonly Dictionary<string, InteractionFormat> Formats = new()
    {
        ["tsv"] = InteractionFormat.Tsv,
        ["csv"] = InteractionFormat.Csv,
        ["space"] = InteractionFormat.Space,
        ["u.data"] = InteractionFormat.MovieLensData,
        ["ratings.dat"] = InteractionFormat.MovieLensDat,
        ["ratings.csv"] = InteractionFormat.MovieLensCsv,
        ["adjacency"] = InteractionFormat.Adjacency,
        ["counted-adjacency"] = InteractionFormat.CountedAdjacency,
    };

    private readonly Option<string?> _format = Choice("--format", "layout of the data; detected when not given", Formats.Keys);
    private readonly Option<string> _onError = Choice("--on-error", "what a malformed line leads to (default fail)", ["fail", "skip"])!;
    private readonly Option<string> _duplicates = Choice("--duplicates", "pairs that stand more than once (default sum)", ["sum", "last", "max"])!;
    private readonly Option<string?> _minWeight = new("--min-weight") { Description = "leave out interactions of a smaller weight", HelpName = "W" };
    private readonly Option<bool> _binary = new("--binary") { Description = "give every pair the weight 1" };
    private readonly Option<bool> _negative = new("--allow-negative") { Description = "accept negative weights (dislikes)" };
    private readonly Option<string?> _user = new("--user-column") { Description = "name or number of the user's column", HelpName = "COLUMN" };
    private readonly Option<string?> _item = new("--item-column") { Description = "name or number of the item's column", HelpName = "COLUMN" };
    private readonly Option<string?> _weight = new("--weight-column") { Description = "name or number of the weight's column", HelpName = "COLUMN" };
    private readonly Option<string?> _time = new("--time-column") { Description = "name or number of the time's column", HelpName = "COLUMN" };

    private Option[] All => [_format, _onError, _duplicates, _minWeight, _binary, _negative, _user, _item, _weight, _time];

    public void AddTo(Command command)
    {
        foreach (var option in All)
        {
            command.Add(option);
        }
    }

    /// <summary>The options that were given, as they are written on a command line.</summary>
    public IEnumerable<string> Written(ParseResult result) =>
        from option in All
        where result.GetResult(option) is { Implicit: false }
        from word in result.GetResult(option)!.Tokens.Select(t => t.Value).Prepend(option.Name)
        select word;

    public ReadOptions Read(ParseResult result) => new()
    {
        Format = result.GetValue(_format) is { } format ? Formats[format] : null,
        OnError = result.GetValue(_onError) == "skip" ? OnError.Skip : OnError.Fail,
        Duplicates = result.GetValue(_duplicates) switch
        {
            "last" => DuplicatePolicy.Last,
            "max" => DuplicatePolicy.Max,
            _ => DuplicatePolicy.Sum,
        },
        MinWeight = result.GetValue(_minWeight) is { } text ? ParseWeight(text) : null,
        Binary = result.GetValue(_binary),
        AllowNegative = result.GetValue(_negative),
        UserColumn = result.GetValue(_user),
        ItemColumn = result.GetValue(_item),
        WeightColumn = result.GetValue(_weight),
        TimeColumn = result.GetValue(_time),
    };

    /// <summary>Says what was read and what was left out.</summary>
    public static void Describe(Terminal terminal, Dataset data, ReadReport report)
    {
        terminal.Notice(string.Create(
            CultureInfo.InvariantCulture,
            $"{report.Path}: {data.Users.Count} users, {data.Items.Count} items, {data.Interactions.Count} interactions ({report.Format.ToString().ToLowerInvariant()}, {report.Seconds:F2} s)"));
        DescribeLeftOut(terminal, report);
    }

    /// <summary>Says what of a file was left out and why.</summary>
    public static void DescribeLeftOut(Terminal terminal, ReadReport report)
    {
        NoticeCount(terminal, report.Skipped, "malformed lines skipped");
        foreach (string example in report.SkippedExamples)
        {
            terminal.Notice("  " + example);
        }

        NoticeCount(terminal, report.Duplicates ?? 0, "duplicates merged");
        NoticeCount(terminal, report.ZeroWeights, "interactions of weight 0 left out");
        NoticeCount(terminal, report.BelowMinimum, "interactions below the minimum weight left out");
        NoticeCount(terminal, report.UnknownUsers, "interactions of unknown users left out");
        NoticeCount(terminal, report.UnknownItems, "interactions of unknown items left out");
    }

    private static void NoticeCount(Terminal terminal, long count, string what)
    {
        if (count > 0)
        {
            terminal.Notice($"  {count.ToString(CultureInfo.InvariantCulture)} {what}");
        }
    }

    private static float ParseWeight(string text) =>
        float.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out float weight) && float.IsFinite(weight)
            ? weight
            : throw new InvalidOptionException($"--min-weight: expected a number, found '{text}'");

    private static Option<string?> Choice(string name, string description, IEnumerable<string> choices)
    {
        string[] values = [.. choices];
        var option = new Option<string?>(name) { Description = description, HelpName = string.Join('|', values) };
        option.AcceptOnlyFromAmong(values);
        return option;
    }
}
