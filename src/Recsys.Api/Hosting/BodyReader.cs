using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Recsys.Api.Hosting;

/// <summary>Reads JSON bodies; what is wrong is said with its place, never with names of the program's own types.</summary>
internal static class BodyReader
{
    public static async ValueTask<T> ReadAsync<T>(HttpContext context, JsonTypeInfo<T> type)
    {
        CheckType(context.Request, "application/json");
        try
        {
            return await JsonSerializer.DeserializeAsync(context.Request.BodyReader, type, context.RequestAborted).ConfigureAwait(false)
                ?? throw ApiException.BadRequest("the body: expected an object, found null");
        }
        catch (JsonException e)
        {
            throw ApiException.BadRequest(Describe(e, "the body"));
        }
    }

    /// <summary>Refuses a body of another type.</summary>
    public static void CheckType(HttpRequest request, string expected)
    {
        string type = request.ContentType ?? "";
        int parameters = type.IndexOf(';', StringComparison.Ordinal);
        var media = (parameters >= 0 ? type.AsSpan(0, parameters) : type).Trim();
        if (!media.Equals(expected, StringComparison.OrdinalIgnoreCase))
        {
            throw new ApiException(StatusCodes.Status415UnsupportedMediaType, $"the body must be {expected}");
        }
    }

    /// <summary>A line that says where JSON is not what is expected.</summary>
    public static string Describe(JsonException e, string what)
    {
        string path = e.Path is { Length: > 1 } p ? $" at {(p.Length > 80 ? p[..80] + "…" : p)}" : "";
        string where = e.LineNumber is { } line ? $" (line {line + 1}, byte {e.BytePositionInLine + 1})" : "";
        string why = e.InnerException is JsonException || e.Message.StartsWith('\'') || e.Message.Contains("invalid", StringComparison.Ordinal)
            ? "not valid JSON"
            : e.Message.Contains("could not be mapped", StringComparison.Ordinal) ? "a member that is not known"
            : e.Message.Contains("missing required", StringComparison.Ordinal) ? "a required member is missing"
            : e.Message.Contains("Duplicate", StringComparison.Ordinal) ? "a member stands twice"
            : "not valid, or not of the expected type";
        return $"{what}{path}: {why}{where}";
    }
}
