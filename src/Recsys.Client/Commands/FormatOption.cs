using System.CommandLine;

namespace Recsys.Client.Commands;

/// <summary>How a list of items is printed.</summary>
internal static class FormatOption
{
    public static Option<string> Create()
    {
        var option = new Option<string>("--format") { Description = "table, tsv or json (default table)", HelpName = "table|tsv|json", DefaultValueFactory = _ => "table" };
        option.AcceptOnlyFromAmong("table", "tsv", "json");
        return option;
    }
}
