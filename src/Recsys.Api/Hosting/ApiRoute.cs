using System.Text.Json.Serialization.Metadata;
using Recsys.Api.Security;

namespace Recsys.Api.Hosting;

/// <summary>
/// An endpoint: what is mapped, who may use it, and what the OpenAPI document says of it. One place for the three, so
/// that they cannot differ.
/// </summary>
internal sealed record ApiRoute(string Method, string Pattern, string Tag, Access Access, string Summary, RequestDelegate Handler)
{
    /// <summary>Unique name of the operation, for client generators.</summary>
    public required string Operation { get; init; }

    /// <summary>Query parameters; others are refused.</summary>
    public IReadOnlyList<RouteParameter> Query { get; init; } = [];

    /// <summary>The body it reads, or null.</summary>
    public JsonTypeInfo? Body { get; init; }

    /// <summary>Media type of the body.</summary>
    public string BodyType { get; init; } = "application/json";

    /// <summary>Whether the body may be left out.</summary>
    public bool BodyOptional { get; init; }

    /// <summary>Whether the body is a stream without the usual limits of size and time.</summary>
    public bool Streams { get; init; }

    /// <summary>Status of success.</summary>
    public int Success { get; init; } = StatusCodes.Status200OK;

    /// <summary>What success brings, or null.</summary>
    public JsonTypeInfo? Reply { get; init; }

    /// <summary>Media type of success.</summary>
    public string ReplyType { get; init; } = "application/json";

    /// <summary>Errors of its own, besides 400, 401, 403 and 429: status and when.</summary>
    public IReadOnlyList<(int Status, string When)> Errors { get; init; } = [];

    /// <summary>More for people.</summary>
    public string? Description { get; init; }
}
