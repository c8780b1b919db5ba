using System.Runtime.InteropServices;

namespace Recsys.Benchmarks.Data;

/// <summary>Processor time of the calling thread.</summary>
internal static partial class ThreadTime
{
    private const int ThreadCpuClock = 3;

    /// <summary>Seconds of processor time that this thread has used (Linux; elsewhere those of the process).</summary>
    public static double Now
    {
        get
        {
            if (OperatingSystem.IsLinux() && ClockGetTime(ThreadCpuClock, out var time) == 0)
            {
                return time.Seconds + (time.Nanoseconds * 1e-9);
            }

            return Environment.CpuUsage.TotalTime.TotalSeconds;
        }
    }

    [LibraryImport("libc", EntryPoint = "clock_gettime")]
    private static partial int ClockGetTime(int clock, out TimeSpec time);

    [StructLayout(LayoutKind.Sequential)]
    private struct TimeSpec
    {
        public nint Seconds;
        public nint Nanoseconds;
    }
}
