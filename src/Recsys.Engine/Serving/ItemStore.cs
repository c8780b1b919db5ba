using System.Collections.Concurrent;
using System.Collections.Immutable;
using Recsys.Engine.Data;

namespace Recsys.Engine.Serving;

/// <summary>
/// What is known of items besides clicks: names, categories, availability, features. Safe for any number of concurrent
/// readers and writers; a reader sees each item as it was before or after a change.
/// </summary>
public sealed class ItemStore
{
    private readonly Lock _gate = new();
    private readonly ConcurrentDictionary<string, ItemUpdate> _items = new(StringComparer.Ordinal);
    private ImmutableDictionary<string, ImmutableHashSet<string>> _categories =
        ImmutableDictionary.Create<string, ImmutableHashSet<string>>(StringComparer.OrdinalIgnoreCase);

    private ImmutableHashSet<string> _unavailable = [];
    private ImmutableHashSet<string> _deleted = [];
    private long _revision;

    /// <summary>Grows with each change of categories or availability.</summary>
    public long Revision => Volatile.Read(ref _revision);

    /// <summary>Items that are described.</summary>
    public IEnumerable<ItemUpdate> All => _items.Values;

    /// <summary>How many items are described.</summary>
    public int Count => _items.Count;

    /// <summary>Ids of items that must not be recommended: marked unavailable, or deleted.</summary>
    public IReadOnlyCollection<string> Unavailable => Volatile.Read(ref _unavailable);

    /// <summary>Categories, with the number of items described as theirs.</summary>
    public IReadOnlyList<CategoryCount> Categories =>
        [.. Volatile.Read(ref _categories)
            .Select(c => new CategoryCount(c.Key, c.Value.Count))
            .OrderBy(c => c.Name, StringComparer.OrdinalIgnoreCase)];

    /// <summary>What is known of an item, or null.</summary>
    public ItemUpdate? Find(string id) => _items.GetValueOrDefault(id);

    /// <summary>Whether the item was deleted and not added again.</summary>
    public bool IsDeleted(string id) => Volatile.Read(ref _deleted).Contains(id);

    /// <summary>Ids of the items of a category, whatever the case of its letters.</summary>
    public IReadOnlyCollection<string> InCategory(string category) =>
        Volatile.Read(ref _categories).GetValueOrDefault(category) ?? [];

    /// <summary>Adds or replaces items.</summary>
    public void Upsert(IEnumerable<ItemUpdate> items)
    {
        ArgumentNullException.ThrowIfNull(items);
        lock (_gate)
        {
            var categories = _categories.ToBuilder();
            var unavailable = _unavailable.ToBuilder();
            var deleted = _deleted.ToBuilder();
            foreach (var item in items)
            {
                Detach(categories, item.Id);
                foreach (string category in item.Categories)
                {
                    categories[category] = (categories.GetValueOrDefault(category) ?? []).Add(item.Id);
                }

                deleted.Remove(item.Id);
                _ = item.Available ? unavailable.Remove(item.Id) : unavailable.Add(item.Id);
                _items[item.Id] = item;
            }

            Publish(categories, unavailable, deleted);
        }
    }

    /// <summary>Adds or replaces the items of a catalogue.</summary>
    public void Upsert(ItemCatalogue catalogue) => Upsert(Describe(catalogue));

    /// <summary>The items of a catalogue.</summary>
    public static IReadOnlyList<ItemUpdate> Describe(ItemCatalogue catalogue)
    {
        ArgumentNullException.ThrowIfNull(catalogue);
        return
        [
            .. Enumerable.Range(0, catalogue.Count).Select(i => catalogue.Ids[i]).Select(id => new ItemUpdate(id)
            {
                Name = catalogue.NameOf(id),
                Categories = catalogue.CategoriesOf(id),
            }),
        ];
    }

    /// <summary>Forgets an item and keeps it from being recommended until it is added again.</summary>
    public void Delete(string id)
    {
        lock (_gate)
        {
            var categories = _categories.ToBuilder();
            Detach(categories, id);
            _items.TryRemove(id, out _);
            var unavailable = _unavailable.ToBuilder();
            var deleted = _deleted.ToBuilder();
            unavailable.Add(id);
            deleted.Add(id);
            Publish(categories, unavailable, deleted);
        }
    }

    private void Detach(ImmutableDictionary<string, ImmutableHashSet<string>>.Builder categories, string id)
    {
        foreach (string category in _items.GetValueOrDefault(id)?.Categories ?? [])
        {
            if (categories.TryGetValue(category, out var members))
            {
                members = members.Remove(id);
                _ = members.Count == 0 ? categories.Remove(category) : (categories[category] = members) is not null;
            }
        }
    }

    private void Publish(
        ImmutableDictionary<string, ImmutableHashSet<string>>.Builder categories,
        ImmutableHashSet<string>.Builder unavailable,
        ImmutableHashSet<string>.Builder deleted)
    {
        Volatile.Write(ref _categories, categories.ToImmutable());
        Volatile.Write(ref _unavailable, unavailable.ToImmutable());
        Volatile.Write(ref _deleted, deleted.ToImmutable());
        Interlocked.Increment(ref _revision);
    }
}
