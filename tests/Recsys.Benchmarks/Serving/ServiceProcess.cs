using System.Diagnostics;
using System.Net;

namespace Recsys.Benchmarks.Serving;

/// <summary><c>recsys serve</c> in a process of its own, as people run it.</summary>
internal sealed class ServiceProcess : IDisposable
{
    private readonly Process _process;

    public ServiceProcess(IEnumerable<string> arguments)
    {
        string script = Path.Combine(Root(), "recsys");
        _process = Process.Start(new ProcessStartInfo(script, ["serve", .. arguments, "--urls", "http://127.0.0.1:0"]) { RedirectStandardOutput = true })!;
        while (_process.StandardOutput.ReadLine() is { } line)
        {
            if (line.StartsWith("listening on ", StringComparison.Ordinal))
            {
                Uri = new Uri(line["listening on ".Length..]);
                Address = new IPEndPoint(IPAddress.Loopback, Uri.Port);
                return;
            }
        }

        throw new InvalidOperationException("the service did not start");
    }

    public Uri Uri { get; } = null!;

    public IPEndPoint Address { get; } = null!;

    /// <summary>Processor time so far.</summary>
    public TimeSpan ProcessorTime
    {
        get
        {
            _process.Refresh();
            return _process.TotalProcessorTime;
        }
    }

    public long WorkingSet
    {
        get
        {
            _process.Refresh();
            return _process.WorkingSet64;
        }
    }

    public void Dispose()
    {
        _process.Kill();
        _process.WaitForExit();
        _process.Dispose();
    }

    private static string Root()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "recsys")) && File.Exists(Path.Combine(folder.FullName, "Recsys.sln")))
            {
                return folder.FullName;
            }
        }

        throw new DirectoryNotFoundException("the benchmark looks for the recsys command above its own folder");
    }
}
