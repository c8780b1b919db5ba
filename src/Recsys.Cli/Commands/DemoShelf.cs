using Recsys.Engine.Data;
using Recsys.Engine.Data.Synthetic;

namespace Recsys.Cli.Commands;

/// <summary>The demo's books by a model's item index.</summary>
internal sealed class DemoShelf
{
    private readonly SyntheticItem[] _books;

    public DemoShelf(SyntheticCatalogue catalogue, IdTable items)
    {
        var byId = catalogue.Items.ToDictionary(b => b.Id);
        _books = [.. Enumerable.Range(0, items.Count).Select(i => byId[items[i]])];
    }

    public SyntheticItem this[int item] => _books[item];
}
