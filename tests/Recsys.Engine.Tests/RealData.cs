namespace Recsys.Engine.Tests;

/// <summary>
/// Finds the real data sets, which are not part of the project: in the folder that RECSYS_TEST_DATA names, else in
/// shared/data beside the checkout.
/// </summary>
internal static class RealData
{
    // Looked for when it is asked for: what goes wrong then is told as it is.
    private static readonly Lazy<string?> Root = new(Find);

    /// <summary>Whether they are here.</summary>
    public static bool IsPresent => Root.Value is not null;

    /// <summary>A file or folder of a data set.</summary>
    /// <exception cref="DirectoryNotFoundException">The data sets are not here.</exception>
    public static string Path(string relative) =>
        System.IO.Path.Combine(Root.Value ?? throw new DirectoryNotFoundException("the real data sets are not here: set RECSYS_TEST_DATA to their folder"), relative);

    private static string? Find()
    {
        if (Environment.GetEnvironmentVariable("RECSYS_TEST_DATA") is { Length: > 0 } named)
        {
            return Directory.Exists(named) ? named : throw new DirectoryNotFoundException($"RECSYS_TEST_DATA: there is no folder {named}");
        }

        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            string candidate = System.IO.Path.Combine(folder.FullName, "shared", "data");
            if (File.Exists(System.IO.Path.Combine(candidate, "ml-1m", "train.tsv")))
            {
                return candidate;
            }
        }

        return null;
    }
}
