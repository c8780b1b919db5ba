using System.Text.Json;
using System.Text.Json.Serialization;

namespace Recsys.Engine.Serving;

/// <summary>Items as lines of JSON: <c>{"id":…,"name":…,"categories":[…],"available":…,"features":{…}}</c>, or <c>{"id":…,"deleted":true}</c>.</summary>
internal static class ItemLines
{
    public static byte[] Write(ItemUpdate item) => JsonSerializer.SerializeToUtf8Bytes(
        new ItemLine(item.Id)
        {
            Name = item.Name,
            Categories = [.. item.Categories],
            Available = item.Available ? null : false,
            Features = item.Features.Count == 0 ? null : new Dictionary<string, float>(item.Features),
        },
        ItemLineJson.Default.ItemLine);

    public static byte[] WriteDeleted(string id) => JsonSerializer.SerializeToUtf8Bytes(new ItemLine(id) { Deleted = true }, ItemLineJson.Default.ItemLine);

    /// <summary>Applies a line.</summary>
    /// <exception cref="JsonException">It is not such an object.</exception>
    public static void Apply(ItemStore items, ReadOnlySpan<byte> line)
    {
        var read = JsonSerializer.Deserialize(line, ItemLineJson.Default.ItemLine);
        if (read is not { Id.Length: > 0 })
        {
            throw new JsonException("no id");
        }

        if (read.Deleted == true)
        {
            items.Delete(read.Id);
            return;
        }

        items.Upsert([new ItemUpdate(read.Id)
        {
            Name = read.Name,
            Categories = read.Categories ?? [],
            Available = read.Available ?? true,
            Features = read.Features ?? [],
        }]);
    }
}

/// <summary>An item as it is written down.</summary>
internal sealed record ItemLine(string Id)
{
    public string? Name { get; init; }

    public List<string>? Categories { get; init; }

    public bool? Available { get; init; }

    public Dictionary<string, float>? Features { get; init; }

    public bool? Deleted { get; init; }
}

/// <summary>Generated at build time: no reflection.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    RespectRequiredConstructorParameters = true,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(ItemLine))]
internal sealed partial class ItemLineJson : JsonSerializerContext;
