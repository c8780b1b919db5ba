using System.CommandLine;
using Recsys.Engine;
using Recsys.Engine.Data;

namespace Recsys.Cli.Options;

/// <summary>Where names and categories of items come from.</summary>
internal sealed class CatalogueOptionSet
{
    private readonly Option<string?> _file = new("--items-file", "--catalogue")
    {
        Description = "names and categories of the items: movies.dat, movies.csv, u.item, or columns id, name, categories",
        HelpName = "FILE",
    };

    private readonly Option<string?> _ids = new("--item-ids", "--catalogue-ids")
    {
        Description = "two columns: an item's id in the model and its id in --items-file, where they differ",
        HelpName = "FILE",
    };

    public void AddTo(Command command)
    {
        command.Options.Add(_file);
        command.Options.Add(_ids);
    }

    /// <summary>The catalogue; null where none is given.</summary>
    public ItemCatalogue? Load(ParseResult result, CancellationToken cancellationToken)
    {
        string? ids = result.GetValue(_ids);
        return result.GetValue(_file) is { } file
            ? ItemCatalogue.Load(file, new CatalogueOptions { IdMap = ids }, cancellationToken)
            : ids is null ? null : throw new InvalidOptionException("--item-ids needs --items-file");
    }
}
