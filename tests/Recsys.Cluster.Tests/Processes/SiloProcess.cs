using System.Diagnostics;
using System.Net;
using Recsys.Cluster.Tests.Postgres;

namespace Recsys.Cluster.Tests.Processes;

/// <summary><c>recsys-silo</c> in a process of its own, reached over TCP.</summary>
internal sealed class SiloProcess : IDisposable
{
    private static readonly HttpClient Http = new() { Timeout = TimeSpan.FromSeconds(5) };

    private readonly List<string> _lines = [];
    private readonly Process _process;

    private SiloProcess(Process process, int port, Uri uri)
    {
        _process = process;
        SiloPort = port;
        Uri = uri;
        process.OutputDataReceived += (_, e) => Add(e.Data);
        process.ErrorDataReceived += (_, e) => Add(e.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
    }

    public int SiloPort { get; }

    public Uri Uri { get; }

    /// <summary>What it printed.</summary>
    public string Output
    {
        get
        {
            lock (_lines)
            {
                return string.Join('\n', _lines);
            }
        }
    }

    public TimeSpan ProcessorTime
    {
        get
        {
            _process.Refresh();
            return _process.TotalProcessorTime;
        }
    }

    /// <summary>The silo built beside the tests, or the published one whose folder RECSYS_TEST_SILO names.</summary>
    private static string[] Program { get; } = Environment.GetEnvironmentVariable("RECSYS_TEST_SILO") is { Length: > 0 } folder
        ? [Path.Combine(folder, "recsys-silo")]
        : ["dotnet", Path.Combine(AppContext.BaseDirectory, "recsys-silo.dll")];

    /// <summary>Starts a silo of a cluster in PostgreSQL; it is not ready yet.</summary>
    public static SiloProcess Start(string connection, string cluster, string cache, params string[] more) =>
        Start(connection, cluster, cache, new Dictionary<string, string>(), more);

    /// <summary>The same with settings of the runtime.</summary>
    public static SiloProcess Start(
        string connection, string cluster, string cache, IReadOnlyDictionary<string, string> environment, params string[] more)
    {
        int port = PostgresServer.FreePort();
        int gateway = PostgresServer.FreePort();
        int http = PostgresServer.FreePort();
        var uri = new Uri($"http://127.0.0.1:{http}");
        var start = new ProcessStartInfo(Program[0]) { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (string argument in (string[])[
            .. Program[1..], "--cluster", cluster, "--create-schema", "--address", "127.0.0.1",
            "--silo-port", $"{port}", "--gateway-port", $"{gateway}", "--urls", $"{uri}".TrimEnd('/'), "--cache", Path.Combine(cache, $"{port}"),
            .. more])
        {
            start.ArgumentList.Add(argument);
        }

        // A silo has the settings that a test gives it, not those of who runs the tests.
        foreach (string name in start.Environment.Keys.Where(n => n.StartsWith("RECSYS_", StringComparison.Ordinal)).ToList())
        {
            start.Environment.Remove(name);
        }

        // Not on the command line: it is for all to see.
        start.Environment["RECSYS_POSTGRES"] = connection;
        start.Environment["RECSYS_DRAIN_SECONDS"] = "0";

        // Several silos on one machine: a heap for each processor of each would be too many.
        start.Environment["DOTNET_gcServer"] = "0";
        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }

        return new SiloProcess(Process.Start(start)!, port, uri);
    }

    /// <summary>Starts silos and waits until all are ready.</summary>
    public static async Task<SiloProcess[]> StartAsync(int count, string connection, string cluster, string cache, params string[] more)
    {
        SiloProcess[] silos = [.. Enumerable.Range(0, count).Select(_ => Start(connection, cluster, cache, more))];
        try
        {
            await Task.WhenAll(silos.Select(s => s.WaitReadyAsync()));
            return silos;
        }
        catch
        {
            Array.ForEach(silos, s => s.Dispose());
            throw;
        }
    }

    public async Task WaitReadyAsync()
    {
        var clock = Stopwatch.StartNew();
        while (clock.Elapsed < TimeSpan.FromSeconds(180))
        {
            if (_process.HasExited)
            {
                throw new InvalidOperationException($"the silo ended with {_process.ExitCode}: {Output}");
            }

            if (await StatusOfAsync("/health/ready") == HttpStatusCode.OK)
            {
                return;
            }

            await Task.Delay(100);
        }

        throw new TimeoutException($"the silo is not ready: {Output}");
    }

    /// <summary>Status of a GET, or null where nobody answers.</summary>
    public async Task<HttpStatusCode?> StatusOfAsync(string path)
    {
        try
        {
            using var answer = await Http.GetAsync(new Uri(Uri, path));
            return answer.StatusCode;
        }
        catch (Exception e) when (e is HttpRequestException or TaskCanceledException)
        {
            return null;
        }
    }

    public Task<string> GetAsync(string path) => Http.GetStringAsync(new Uri(Uri, path));

    /// <summary>As a crash of the machine would: at once and without a word (SIGKILL).</summary>
    public void Kill()
    {
        _process.Kill();
        _process.WaitForExit();
    }

    /// <summary>As an operator would (SIGTERM); returns the exit code.</summary>
    public async Task<int> StopAsync()
    {
        using (var kill = Process.Start("kill", ["-TERM", $"{_process.Id}"]))
        {
            await kill.WaitForExitAsync();
        }

        await _process.WaitForExitAsync(new CancellationTokenSource(TimeSpan.FromSeconds(70)).Token);
        return _process.ExitCode;
    }

    public void Dispose()
    {
        if (!_process.HasExited)
        {
            Kill();
        }

        _process.Dispose();
    }

    private void Add(string? line)
    {
        if (line is not null)
        {
            lock (_lines)
            {
                _lines.Add(line);
            }
        }
    }
}
