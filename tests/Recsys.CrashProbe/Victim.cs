using System.Diagnostics;
using System.Globalization;

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
        var output = Task.Run(() =>
        {
            var read = new List<char>();
            var buffer = new char[4096];
            for (int n; (n = process.StandardOutput.Read(buffer)) > 0;)
            {
                read.AddRange(buffer[..n]);
                ready.Set();
            }

            return new string([.. read]);
        });
        var errors = process.StandardError.ReadToEndAsync();
        if (fromFirstLine && !ready.Wait(TimeSpan.FromSeconds(60)))
        {
            process.Kill();
            throw new InvalidOperationException($"the victim does not start: {errors.GetAwaiter().GetResult()}");
        }

        Thread.Sleep(time);
        if (process.HasExited)
        {
            throw new InvalidOperationException($"the victim ended by itself: {errors.GetAwaiter().GetResult()}");
        }

        process.Kill();
        process.WaitForExit();
        string text = output.GetAwaiter().GetResult();
        return [.. text[..(text.LastIndexOf('\n') + 1)].Split('\n', StringSplitOptions.RemoveEmptyEntries)];
    }

    public static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);
}
