using Recsys.Engine.ColdStart;
using Recsys.Engine.Models;

namespace Recsys.Engine.Serving;

/// <summary>
/// A loaded version of a model with what serving needs beside it. Counted: the model's memory is freed when the
/// library and the last request have let go of it.
/// </summary>
internal sealed class LiveModel : Counted
{
    private readonly string?[] _itemIds;
    private readonly Lazy<Interview> _interview;
    private ItemMasks? _masks;

    public LiveModel(string name, string version, IRecommenderModel model, ServingOptions options)
    {
        (model as IPreparedModel)?.Prepare(options);
        Name = name;
        Version = version;
        Model = model;
        _itemIds = new string?[model.Items.Count];
        _interview = new Lazy<Interview>(() => Interview.For(model));
        ItemUsers = CountUsers(model);
        float users = Math.Max(1, model.Users.Count);
        Popularity = Array.ConvertAll(ItemUsers, count => count / users);
    }

    public string Name { get; }

    public string Version { get; }

    public IRecommenderModel Model { get; }

    /// <summary>Users of each item; dislikes do not count.</summary>
    public int[] ItemUsers { get; }

    /// <summary>Share of the users who have each item: what ranks for a user of whom nothing is known.</summary>
    public float[] Popularity { get; }

    /// <summary>Questions to new users, prepared when first asked for.</summary>
    public Interview Interview => _interview.Value;

    /// <summary>The id of an item, made a string once.</summary>
    public string ItemId(int item) => _itemIds[item] ??= Model.Items[item];

    /// <summary>The masks of the catalogue's present state.</summary>
    public ItemMasks Masks(ItemStore items)
    {
        var masks = Volatile.Read(ref _masks);
        long revision = items.Revision;
        if (masks is null || masks.Revision != revision)
        {
            masks = new ItemMasks(Model.Items, items, revision);
            Volatile.Write(ref _masks, masks);
        }

        return masks;
    }

    protected override void Free() => Model.Dispose();

    private static int[] CountUsers(IRecommenderModel model)
    {
        int[] counts = new int[model.Items.Count];
        var columns = model.Histories.AllColumns;
        var values = model.Histories.AllValues;
        for (int e = 0; e < columns.Length; e++)
        {
            counts[columns[e]] += values.IsEmpty || values[e] > 0 ? 1 : 0;
        }

        return counts;
    }
}
