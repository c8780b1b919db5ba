namespace Recsys.Api.Hosting;

/// <summary>A query parameter.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Type">JSON type: "string", "integer", "boolean"; "array" for strings given by repeating it.</param>
/// <param name="Summary">One line.</param>
internal sealed record RouteParameter(string Name, string Type, string Summary)
{
    /// <summary>The value where it is not given.</summary>
    public string? Default { get; init; }

    /// <summary>The least value.</summary>
    public int? Minimum { get; init; }

    /// <summary>The greatest value.</summary>
    public int? Maximum { get; init; }

    /// <summary>The values there are, where they are few.</summary>
    public IReadOnlyList<string>? Values { get; init; }

    /// <summary>Whether it must be given.</summary>
    public bool Required { get; init; }
}
