using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Recsys.Cli.Load;

/// <summary>Waits on a thread of its own to within some microseconds, without turning a core.</summary>
internal static partial class PreciseWait
{
    private const int TimerSlack = 29; // PR_SET_TIMERSLACK

    /// <summary>Asks the system to wake this thread when it is due, not up to 50 µs later.</summary>
    public static void Prepare()
    {
        if (OperatingSystem.IsLinux())
        {
            _ = ProcessControl(TimerSlack, 1000, 0, 0, 0);
        }
    }

    /// <summary>Waits until <see cref="Stopwatch.GetTimestamp"/> is there; false where it passed more than a millisecond ago.</summary>
    public static bool Until(long due)
    {
        long left = due - Stopwatch.GetTimestamp();
        if (left <= 0)
        {
            return left > -Stopwatch.Frequency / 1000;
        }

        while (left > 0)
        {
            long nanoseconds = left * 1_000_000_000 / Stopwatch.Frequency;
            if (OperatingSystem.IsWindows() || nanoseconds < 2000)
            {
                Thread.SpinWait(20);
            }
            else
            {
                var time = new TimeSpec { Seconds = nanoseconds / 1_000_000_000, Nanoseconds = nanoseconds % 1_000_000_000 };
                _ = Sleep(in time, 0);
            }

            left = due - Stopwatch.GetTimestamp();
        }

        return true;
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct TimeSpec
    {
        public long Seconds;
        public long Nanoseconds;
    }

    [LibraryImport("libc", EntryPoint = "nanosleep")]
    private static partial int Sleep(in TimeSpec time, nint remaining);

    [LibraryImport("libc", EntryPoint = "prctl")]
    private static partial int ProcessControl(int option, nuint a, nuint b, nuint c, nuint d);
}
