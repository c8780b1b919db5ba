namespace Recsys.Engine.Data;

/// <summary>How a file of interactions is laid out. Any of them may be compressed with gzip.</summary>
public enum InteractionFormat
{
    /// <summary>Tab-separated columns user, item[, weight[, time]], with or without a header.</summary>
    Tsv,

    /// <summary>Comma-separated columns (RFC 4180) user, item[, weight[, time]], with or without a header.</summary>
    Csv,

    /// <summary>Columns user item[ weight[ time]] separated by runs of spaces or tabs. Only read when named.</summary>
    Space,

    /// <summary>MovieLens 100K <c>u.data</c>: user TAB item TAB rating TAB Unix time.</summary>
    MovieLensData,

    /// <summary>MovieLens 1M and 10M <c>ratings.dat</c>: user::item::rating::Unix time.</summary>
    MovieLensDat,

    /// <summary>MovieLens <c>ratings.csv</c> with the header userId,movieId,rating,timestamp.</summary>
    MovieLensCsv,

    /// <summary>A user and its items a line, separated by spaces: <c>user item item …</c> (the LightGCN splits).</summary>
    Adjacency,

    /// <summary>
    /// A number of items and the items a line, <c>count item item …</c>; the user is the number of the line, from 0
    /// (citeulike's <c>users.dat</c>).
    /// </summary>
    CountedAdjacency,
}
