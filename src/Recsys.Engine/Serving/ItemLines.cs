using System.Text.Json;
using System.Text.Json.Serialization;

namespace Recsys.Engine.Serving;

/// <summary>Items as lines of JSON: <c>{"id":…,"name":…,"categories":[…],"available":…,"features":{…}}</c>.</summary>
public static class ItemLines
{
    /// <summary>Reads a file of items.</summary>
    /// <exception cref="RecsysException">It cannot be read, or a line is not such an object.</exception>
    public static IEnumerable<ItemUpdate> Read(string path)
    {
        IEnumerable<string> lines;
        try
        {
            lines = File.ReadLines(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new RecsysException($"{path}: cannot be read: {e.Message.ReplaceLineEndings(" ")}", e);
        }

        long number = 0;
        foreach (string line in lines)
        {
            number++;
            if (!string.IsNullOrWhiteSpace(line))
            {
                yield return Parse(line, path, number);
            }
        }
    }

    /// <summary>One item as a line, without its end.</summary>
    public static byte[] Write(ItemUpdate item) => JsonSerializer.SerializeToUtf8Bytes(item, ItemLineJson.Default.ItemUpdate);

    private static ItemUpdate Parse(string line, string path, long number)
    {
        try
        {
            var item = JsonSerializer.Deserialize(line, ItemLineJson.Default.ItemUpdate);
            return item is { Id.Length: > 0 } ? item : throw new JsonException("no id");
        }
        catch (JsonException e)
        {
            throw new RecsysException($"{path}:{number}: expected {{\"id\":…,\"name\":…,\"categories\":[…]}}, found something else", e);
        }
    }
}

/// <summary>Generated at build time: no reflection.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    RespectNullableAnnotations = true,
    RespectRequiredConstructorParameters = true,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(ItemUpdate))]
internal sealed partial class ItemLineJson : JsonSerializerContext;
