using System.Text;
using Recsys.Engine.Data.Reading;

namespace Recsys.Engine.Data;

/// <summary>Names and categories of items, by id: for display and for filters.</summary>
public sealed class ItemCatalogue
{
    private readonly List<string> _names = [];
    private readonly List<int[]> _itemCategories = [];
    private readonly List<string> _categories = [];
    private readonly Dictionary<string, int> _categoryIndex = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>Ids of the items described.</summary>
    public IdTable Ids { get; } = new();

    /// <summary>Number of items described.</summary>
    public int Count => Ids.Count;

    /// <summary>All categories, in the order of first appearance.</summary>
    public IReadOnlyList<string> Categories => _categories;

    /// <summary>Lines that describe an item again; the first description is kept.</summary>
    public int Repeated { get; private set; }

    /// <summary>Reads a file.</summary>
    /// <exception cref="MalformedInputException">The file does not hold what was expected.</exception>
    /// <exception cref="RecsysException">The file is missing or cannot be read.</exception>
    public static ItemCatalogue Load(string path, CatalogueOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(path);
        options ??= new CatalogueOptions();
        var catalogue = new ItemCatalogue();
        new CatalogueReader(catalogue, path, options).Read(cancellationToken);
        return options.IdMap is { } map ? catalogue.Renamed(map, cancellationToken) : catalogue;
    }

    /// <summary>A catalogue of items given one by one; of an id that comes again the first is kept.</summary>
    public static ItemCatalogue FromItems(IEnumerable<(string Id, string Name, IReadOnlyList<string> Categories)> items)
    {
        ArgumentNullException.ThrowIfNull(items);
        var catalogue = new ItemCatalogue();
        foreach (var (id, name, categories) in items)
        {
            catalogue.Add(Encoding.UTF8.GetBytes(id), name, categories);
        }

        return catalogue;
    }

    /// <summary>The name of an item, or null where it has none here.</summary>
    public string? NameOf(string id) => Ids.TryGetIndex(id, out int index) ? NameAt(index) : null;

    /// <summary>The categories of an item; none where it is not described.</summary>
    public IReadOnlyList<string> CategoriesOf(string id) =>
        Ids.TryGetIndex(id, out int index) ? Array.ConvertAll(_itemCategories[index], c => _categories[c]) : [];

    /// <summary>The names of the items of a table in its order; null where an item has none here.</summary>
    public string?[] NamesFor(IdTable items)
    {
        ArgumentNullException.ThrowIfNull(items);
        var names = new string?[items.Count];
        for (int i = 0; i < names.Length; i++)
        {
            names[i] = Ids.TryGetIndex(items.Utf8(i), out int index) ? NameAt(index) : null;
        }

        return names;
    }

    /// <summary>
    /// The items of a table that are in at least one of the categories (upper and lower case alike), a bit an item
    /// (bit i &amp; 63 of word i &gt;&gt; 6), as <see cref="Models.ItemFilter.Allowed"/> takes it.
    /// </summary>
    /// <exception cref="InvalidOptionException">A category that no item is in.</exception>
    public ReadOnlyMemory<ulong> Mask(IdTable items, IEnumerable<string> categories)
    {
        ArgumentNullException.ThrowIfNull(items);
        ArgumentNullException.ThrowIfNull(categories);
        var wanted = new bool[_categories.Count];
        foreach (string category in categories)
        {
            if (!_categoryIndex.TryGetValue(category.Trim(), out int index))
            {
                throw new InvalidOptionException($"unknown category '{category}'; there are {Listed()}");
            }

            wanted[index] = true;
        }

        var mask = new ulong[(items.Count + 63) / 64];
        for (int i = 0; i < items.Count; i++)
        {
            if (Ids.TryGetIndex(items.Utf8(i), out int index) && Array.Exists(_itemCategories[index], c => wanted[c]))
            {
                mask[i >> 6] |= 1UL << (i & 63);
            }
        }

        return mask;
    }

    internal void Add(ReadOnlySpan<byte> id, string name, IEnumerable<string> categories)
    {
        int expected = Ids.Count;
        if (Ids.GetOrAdd(id) != expected)
        {
            Repeated++;
            return;
        }

        _names.Add(name);
        var indices = new List<int>();
        foreach (string category in categories)
        {
            if (!_categoryIndex.TryGetValue(category, out int index))
            {
                index = _categories.Count;
                _categories.Add(category);
                _categoryIndex.Add(category, index);
            }

            if (!indices.Contains(index))
            {
                indices.Add(index);
            }
        }

        _itemCategories.Add([.. indices]);
    }

    private string? NameAt(int index) => _names[index].Length == 0 ? null : _names[index];

    private string Listed() =>
        _categories.Count == 0 ? "none" : string.Join(", ", _categories.Take(40)) + (_categories.Count > 40 ? ", …" : "");

    private ItemCatalogue Renamed(string map, CancellationToken cancellationToken)
    {
        var (pairs, _) = InteractionReader.Read(map, null, null, cancellationToken);
        var renamed = new ItemCatalogue { Repeated = Repeated };
        for (int e = 0; e < pairs.Count; e++)
        {
            if (Ids.TryGetIndex(pairs.ItemIds.Utf8(pairs.Items[e]), out int index))
            {
                renamed.Add(pairs.UserIds.Utf8(pairs.Users[e]), _names[index], _itemCategories[index].Select(c => _categories[c]));
            }
        }

        return renamed;
    }
}
