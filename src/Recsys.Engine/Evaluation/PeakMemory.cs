using System.Diagnostics;
using System.Globalization;

namespace Recsys.Engine.Evaluation;

/// <summary>The most memory this process has had resident so far.</summary>
public static class PeakMemory
{
    /// <summary>Peak resident bytes: <c>VmHWM</c> of /proc/self/status where there is one, else the process's peak working set.</summary>
    public static long Bytes()
    {
        if (OperatingSystem.IsLinux())
        {
            try
            {
                foreach (string line in File.ReadLines("/proc/self/status"))
                {
                    if (TryParse(line, out long bytes))
                    {
                        return bytes;
                    }
                }
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // no such file system here: the fallback below
            }
        }

        using var process = Process.GetCurrentProcess();
        return process.PeakWorkingSet64;
    }

    /// <summary>
    /// Lets the peak begin anew at what is resident now, where the system can do that (Linux); elsewhere the peak goes on being
    /// that since the start of the process.
    /// </summary>
    public static void Reset()
    {
        try
        {
            if (OperatingSystem.IsLinux())
            {
                File.WriteAllText("/proc/self/clear_refs", "5");
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // not allowed here
        }
    }

    /// <summary>Reads a line <c>VmHWM:   12345 kB</c>.</summary>
    internal static bool TryParse(string line, out long bytes)
    {
        bytes = 0;
        const string Label = "VmHWM:";
        if (!line.StartsWith(Label, StringComparison.Ordinal) || !line.EndsWith(" kB", StringComparison.Ordinal)
            || !long.TryParse(line.AsSpan(Label.Length, line.Length - Label.Length - 3).Trim(), CultureInfo.InvariantCulture, out long kilobytes))
        {
            return false;
        }

        bytes = kilobytes * 1024;
        return true;
    }
}
