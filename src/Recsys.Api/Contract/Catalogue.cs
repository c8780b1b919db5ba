using System.ComponentModel;

namespace Recsys.Api.Contract;

internal sealed record ItemBody
{
    [Description("The id, as in the address; may be left out there, needed in a stream of items.")]
    public string? Id { get; set; }

    [Description("Display name.")]
    public string? Name { get; set; }

    public IReadOnlyList<string> Categories { get; set; } = [];

    [Description("Whether it may be recommended.")]
    public bool Available { get; set; } = true;

    [Description("Features by name, for items without clicks.")]
    public IReadOnlyDictionary<string, float> Features { get; set; } = new Dictionary<string, float>();
}

internal sealed record ItemReply(
    string Id, string? Name, IReadOnlyList<string> Categories, bool Available, [property: Description("Users who have it.")] long Users);

internal sealed record UserReply(string Id, IReadOnlyList<HistoryReply> History);

internal sealed record HistoryReply(string Item, float Weight, string? Name = null);

internal sealed record SearchReply(IReadOnlyList<HitReply> Hits);

internal sealed record HitReply(string Id, string? Name = null);

internal sealed record CategoriesReply(IReadOnlyList<CategoryReply> Categories);

internal sealed record CategoryReply(string Name, int Items);

internal sealed record ImportReply(long Imported);
