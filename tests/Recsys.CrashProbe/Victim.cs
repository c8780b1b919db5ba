using System.Diagnostics;
using System.Globalization;
using System.Text;

namespace Recsys.CrashProbe;

/// <summary>This program started again, to be killed.</summary>
internal static class Victim
{
    /// <summary>
    /// Starts it, lets it run for a time (counted from its first line, or from its start), kills it with SIGKILL,
    /// and returns the whole lines that it printed.
    /// </summary>
    public static List<string> RunAndKill(IEnumerable<string> arguments, TimeSpan time, bool fromFirstLine)
    {
        string host = Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") is { Length: > 0 } named ? named : "dotnet";
        var start = new ProcessStartInfo(host) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.ArgumentList.Add("exec");
        start.ArgumentList.Add(typeof(Victim).Assembly.Location);
        foreach (string argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        using var process = Process.Start(start)!;
        using var ready = new ManualResetEventSlim();
        string text = "";
        string errors = "";
        var output = Read(process.StandardOutput, read =>
        {
            text = read;
            ready.Set();
        });
        var error = Read(process.StandardError, read => errors = read);
        if (fromFirstLine && !ready.Wait(TimeSpan.FromSeconds(60)))
        {
            process.Kill();
            error.Join();
            throw new InvalidOperationException($"the victim does not start: {errors}");
        }

        Thread.Sleep(time);
        if (process.HasExited)
        {
            error.Join();
            throw new InvalidOperationException($"the victim ended by itself: {errors}");
        }

        process.Kill();
        process.WaitForExit();
        output.Join();
        error.Join();
        return [.. text[..(text.LastIndexOf('\n') + 1)].Split('\n', StringSplitOptions.RemoveEmptyEntries)];
    }

    public static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);

    /// <summary>Reads to the end on a thread of its own, telling all that was read so far.</summary>
    private static Thread Read(StreamReader from, Action<string> read)
    {
        var thread = new Thread(() =>
        {
            var all = new StringBuilder();
            var buffer = new char[4096];
            for (int n; (n = from.Read(buffer)) > 0;)
            {
                read(all.Append(buffer, 0, n).ToString());
            }
        });
        thread.Start();
        return thread;
    }
}
