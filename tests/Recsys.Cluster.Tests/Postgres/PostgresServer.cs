using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Npgsql;
using Recsys.Silo.Postgres;

namespace Recsys.Cluster.Tests.Postgres;

/// <summary>
/// A PostgreSQL server of this test run's own, in a temporary directory; or the one RECSYS_TEST_POSTGRES names, whose
/// user may create databases. One for all tests of the collection.
/// </summary>
public sealed class PostgresServer : IDisposable
{
    private static PostgresServer? _instance;

    private readonly string _connection;
    private readonly string? _folder;
    private int _databases;

    public PostgresServer()
    {
        _instance = this;
        if (!IsPresent)
        {
            _connection = "";
            return;
        }

        if (Environment.GetEnvironmentVariable("RECSYS_TEST_POSTGRES") is { Length: > 0 } given)
        {
            _connection = given;
            return;
        }

        int port = FreePort();
        _folder = Directory.CreateTempSubdirectory("recsys-pg-").FullName;
        if (Environment.UserName == "root")
        {
            Run("chown", "postgres", _folder);
        }

        RunAsUser("initdb", "-D", Path.Combine(_folder, "data"), "-A", "trust", "-U", "recsys", "--no-sync", "-E", "UTF8");
        RunAsUser(
            "pg_ctl", "-D", Path.Combine(_folder, "data"), "-l", Path.Combine(_folder, "log"), "-w",
            "-o", $"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={_folder} -c max_connections=300", "start");
        _connection = $"Host=127.0.0.1;Port={port};Username=recsys;Database=postgres";
    }

    public static PostgresServer Instance => _instance!;

    /// <summary>Processor time of the server and all its processes so far; zero where it is not this run's own.</summary>
    public TimeSpan ProcessorTime
    {
        get
        {
            if (_folder is null)
            {
                return TimeSpan.Zero;
            }

            // After the name in brackets: state, parent, …; 11 to 14: ticks of it, and of its children that have ended.
            string server = File.ReadLines(Path.Combine(_folder, "data", "postmaster.pid")).First();
            long ticks = 0;
            foreach (string process in Directory.GetDirectories("/proc").Where(d => char.IsAsciiDigit(d[6])))
            {
                try
                {
                    string text = File.ReadAllText(Path.Combine(process, "stat"));
                    string[] words = text[(text.LastIndexOf(')') + 2)..].Split(' ');
                    bool main = Path.GetFileName(process) == server;
                    if (main || words[1] == server)
                    {
                        ticks += words[11..(main ? 15 : 13)].Sum(long.Parse);
                    }
                }
                catch (IOException)
                {
                }
            }

            return TimeSpan.FromSeconds(ticks / 100.0);
        }
    }

    /// <summary>Whether there is one to be had here.</summary>
    public static bool IsPresent => Environment.GetEnvironmentVariable("RECSYS_TEST_POSTGRES") is { Length: > 0 } || Binaries() is not null;

    /// <summary>Connection string of a new, empty database.</summary>
    public string CreateDatabase()
    {
        string name = $"recsys_test_{Environment.ProcessId}_{Interlocked.Increment(ref _databases)}";
        using var connection = new NpgsqlConnection(_connection);
        connection.Open();
        using var command = new NpgsqlCommand($"CREATE DATABASE {name}", connection);
        command.ExecuteNonQuery();
        return new NpgsqlConnectionStringBuilder(_connection) { Database = name }.ConnectionString;
    }

    /// <summary>A new database with the tables of Recsys; null where there is no server: the tests are skipped.</summary>
    public static async Task<NpgsqlDataSource?> OpenDatabaseAsync()
    {
        if (!IsPresent)
        {
            return null;
        }

        string connection = Instance.CreateDatabase();
        await PostgresSchema.PrepareAsync(connection, create: true);
        return NpgsqlDataSource.Create(connection);
    }

    /// <summary>A port that nobody listens at now.</summary>
    public static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    public void Dispose()
    {
        if (_folder is not null)
        {
            RunAsUser("pg_ctl", "-D", Path.Combine(_folder, "data"), "-m", "immediate", "stop");
            Directory.Delete(_folder, recursive: true);
        }
    }

    private static string? Binaries() => new[] { "/usr/lib/postgresql", "/opt/homebrew/opt", "/usr/local/opt" }
        .Where(Directory.Exists)
        .SelectMany(Directory.GetDirectories)
        .Select(d => Path.Combine(d, "bin"))
        .Where(d => File.Exists(Path.Combine(d, "initdb")))
        .Order(StringComparer.Ordinal)
        .LastOrDefault();

    /// <summary>PostgreSQL does not run as root.</summary>
    private static void RunAsUser(string program, params string[] arguments)
    {
        string path = Path.Combine(Binaries()!, program);
        if (Environment.UserName == "root")
        {
            Run("runuser", ["-u", "postgres", "--", path, .. arguments]);
        }
        else
        {
            Run(path, arguments);
        }
    }

    private static void Run(string program, params string[] arguments)
    {
        // Output is not read: the server that pg_ctl starts keeps the pipe open.
        using var process = Process.Start(new ProcessStartInfo("/bin/sh", ["-c", "exec \"$0\" \"$@\" >/dev/null 2>&1", program, .. arguments]) { WorkingDirectory = "/" })!;
        process.WaitForExit();
        if (process.ExitCode != 0)
        {
            throw new InvalidOperationException($"{program} {string.Join(' ', arguments)} ended with {process.ExitCode}");
        }
    }
}
