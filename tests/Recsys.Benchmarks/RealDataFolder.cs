namespace Recsys.Benchmarks;

/// <summary>Where the real data sets are: the folder that RECSYS_TEST_DATA names, else shared/data beside the checkout.</summary>
internal static class RealDataFolder
{
    /// <summary>A file or folder of a data set.</summary>
    /// <exception cref="DirectoryNotFoundException">The data sets are not here.</exception>
    public static string PathOf(string relative)
    {
        if (Environment.GetEnvironmentVariable("RECSYS_TEST_DATA") is { Length: > 0 } named)
        {
            return Path.Combine(named, relative);
        }

        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            string candidate = Path.Combine(folder.FullName, "shared", "data", relative);
            if (Path.Exists(candidate))
            {
                return candidate;
            }
        }

        throw new DirectoryNotFoundException($"the real data sets are not here (set RECSYS_TEST_DATA): {relative}");
    }
}
