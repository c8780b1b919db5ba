using System.Globalization;

namespace Recsys.Engine.Compute;

/// <summary>Asks whether a large piece of memory is to be had before it is taken.</summary>
public static class MemoryBudget
{
    /// <summary>
    /// Bytes this process may still take: what the system calls available, within the limit set on the process.
    /// </summary>
    public static long AvailableBytes()
    {
        var info = GC.GetGCMemoryInfo();
        long limit = info.TotalAvailableMemoryBytes - Environment.WorkingSet;
        long system = LinuxAvailableBytes() ?? Math.Max(0, info.TotalAvailableMemoryBytes - info.MemoryLoadBytes);
        return Math.Max(0, Math.Min(limit, system));
    }

    /// <summary>Refuses with the figures when <paramref name="bytes"/> are more than is available.</summary>
    /// <param name="bytes">What the work will take at its peak.</param>
    /// <param name="what">What needs it, e.g. "EASE on 40981 items".</param>
    /// <param name="wayOut">What the user can do instead.</param>
    /// <exception cref="RecsysException">It does not fit.</exception>
    public static void Require(long bytes, string what, string wayOut) => Require(bytes, AvailableBytes(), what, wayOut);

    /// <summary>A number of bytes for people: "6.7 GB".</summary>
    public static string Format(long bytes) => bytes switch
    {
        >= 1_000_000_000 => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1e9:F1} GB"),
        >= 1_000_000 => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1e6:F0} MB"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1e3:F0} kB"),
    };

    internal static void Require(long bytes, long available, string what, string wayOut)
    {
        if (bytes > available)
        {
            throw new RecsysException($"{what} needs {Format(bytes)} of memory and {Format(available)} are available: {wayOut}");
        }
    }

    private static long? LinuxAvailableBytes()
    {
        const string MemInfo = "/proc/meminfo";
        if (!OperatingSystem.IsLinux() || !File.Exists(MemInfo))
        {
            return null;
        }

        foreach (string line in File.ReadLines(MemInfo))
        {
            if (line.StartsWith("MemAvailable:", StringComparison.Ordinal))
            {
                string kilobytes = line["MemAvailable:".Length..].Replace("kB", "", StringComparison.Ordinal).Trim();
                return long.TryParse(kilobytes, CultureInfo.InvariantCulture, out long kb) ? kb * 1024 : null;
            }
        }

        return null;
    }
}
