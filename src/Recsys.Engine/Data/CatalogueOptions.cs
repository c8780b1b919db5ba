namespace Recsys.Engine.Data;

/// <summary>How a file that describes items is read.</summary>
public sealed record CatalogueOptions
{
    /// <summary>The layout; null detects it from the first line.</summary>
    public CatalogueFormat? Format { get; init; }

    /// <summary>
    /// Whether the first line of a TSV or CSV file names the columns. Null decides by the line: it does when it names an
    /// id and a name or categories.
    /// </summary>
    public bool? Header { get; init; }

    /// <summary>
    /// A two-column file "item, its id in the catalogue", where the data uses other ids than the catalogue; null where
    /// they are the same.
    /// </summary>
    public string? IdMap { get; init; }
}
