namespace Recsys.Engine.Data;

/// <summary>How a file that describes items is laid out. Any of them may be compressed with gzip.</summary>
public enum CatalogueFormat
{
    /// <summary>Tab-separated columns id[, name[, categories]], with or without a header.</summary>
    Tsv,

    /// <summary>
    /// Comma-separated columns (RFC 4180) id[, name[, categories]], with or without a header; also MovieLens
    /// <c>movies.csv</c>.
    /// </summary>
    Csv,

    /// <summary>MovieLens 1M and 10M <c>movies.dat</c>: id::title::category|category. UTF-8, else Latin-1.</summary>
    MovieLensDat,

    /// <summary>
    /// MovieLens 100K <c>u.item</c>: id|title|date|date|address and nineteen columns of 0 and 1, whose names stand in
    /// <c>u.genre</c> beside it. UTF-8, else Latin-1.
    /// </summary>
    MovieLensItem,
}
