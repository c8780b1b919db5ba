using System.Globalization;
using System.Net;
using Microsoft.Extensions.Logging;
using Recsys.Api;
using Recsys.Engine;

namespace Recsys.Silo.Configuration;

/// <summary>How a silo is to run.</summary>
internal sealed record SiloSettings
{
    public const int FirstSiloPort = 11111;
    public const int FirstGatewayPort = 30000;
    private const int FirstHttpPort = 5080;
    private const int MostSilos = 100;

    public ClusteringKind Clustering { get; private init; }

    /// <summary>Name of the cluster.</summary>
    public required string Cluster { get; init; }

    /// <summary>Connection string; set where <see cref="Clustering"/> is PostgreSQL.</summary>
    public string? Postgres { get; private init; }

    public bool CreateSchema { get; private init; }

    public int SiloPort { get; private init; }

    public int GatewayPort { get; private init; }

    /// <summary>On one machine: the port of silo 0, where this is another; else null.</summary>
    public int? PrimaryPort { get; private init; }

    /// <summary>Address that others reach this silo by; null for the one of the host's name.</summary>
    public IPAddress? Address { get; private init; }

    /// <summary>Where models, data sets and events are kept on one machine, the same for all silos; null with PostgreSQL.</summary>
    public string? Data { get; private init; }

    /// <summary>Whether <see cref="Data"/> is this silo's to delete before it starts and when it has ended.</summary>
    public bool DataIsTemporary { get; private init; }

    /// <summary>Where models are brought to from the store.</summary>
    public required string Cache { get; init; }

    /// <summary>Memory for models on this silo; null for the default.</summary>
    public long? CacheBytes { get; private init; }

    /// <summary>Factors of live logistic MF; 0 for none.</summary>
    public int LiveLmf { get; private init; }

    /// <summary>Memory for its items; null for the default.</summary>
    public long? LiveLmfBytes { get; private init; }

    /// <summary>Threads that train; 0 for one a processor.</summary>
    public int Threads { get; private init; }

    public required ServiceOptions Service { get; init; }

    public bool Dashboard { get; private init; }

    /// <summary>Time between "not ready" and stopping.</summary>
    public TimeSpan Drain { get; private init; }

    public LogLevel LogLevel { get; private init; }

    /// <summary>Checks the values and fills in what is not given.</summary>
    /// <exception cref="InvalidOptionException">Something is not valid or does not go together; names where it was given.</exception>
    public static SiloSettings From(SettingValues values)
    {
        string? postgres = values.Text(SettingTable.Postgres);
        var clustering = values.Choice(SettingTable.Clustering, postgres is null ? ClusteringKind.Localhost : ClusteringKind.Postgres);
        bool local = clustering == ClusteringKind.Localhost;
        if (!local && postgres is null)
        {
            throw new InvalidOptionException("clustering postgres needs a connection string: --postgres or RECSYS_POSTGRES");
        }

        foreach (var setting in local ? new[] { SettingTable.Postgres, SettingTable.CreateSchema, SettingTable.Address } : [SettingTable.Silo, SettingTable.Data])
        {
            if (values.Text(setting) is not null and not "false")
            {
                throw values.Bad(setting, $"nothing (clustering is {clustering.ToString().ToLowerInvariant()})");
            }
        }

        int silo = values.Number(SettingTable.Silo, 0, MostSilos - 1, 0);
        int siloPort = values.Number(SettingTable.SiloPort, 1, 65535 - MostSilos, FirstSiloPort);
        int gatewayPort = values.Number(SettingTable.GatewayPort, 1, 65535 - MostSilos, FirstGatewayPort);
        if (Math.Abs(siloPort - gatewayPort) <= silo)
        {
            throw new InvalidOptionException($"the ports for silos ({siloPort}) and clients ({gatewayPort}) are too close to each other");
        }

        int liveLmf = values.Number(SettingTable.LiveLmf, 0, 4096, 0);
        int liveLmfMegabytes = values.Number(SettingTable.LiveLmfMegabytes, 1, int.MaxValue, 0);
        if (liveLmf == 0 && liveLmfMegabytes > 0)
        {
            throw values.Bad(SettingTable.LiveLmfMegabytes, "--live-lmf K with it");
        }

        int cache = values.Number(SettingTable.CacheMegabytes, 1, int.MaxValue, 0);
        var service = ReadService(values, silo);
        string cluster = values.Text(SettingTable.Cluster) ?? "recsys";
        return new SiloSettings
        {
            Clustering = clustering,
            Cluster = cluster,
            Postgres = postgres,
            CreateSchema = values.Flag(SettingTable.CreateSchema),
            SiloPort = siloPort + silo,
            GatewayPort = gatewayPort + silo,
            PrimaryPort = local && silo > 0 ? siloPort : null,
            Address = values.Address(SettingTable.Address),
            Data = !local ? null : Path.GetFullPath(
                values.Text(SettingTable.Data) ?? Path.Combine(Path.GetTempPath(), $"recsys-{cluster}-{siloPort}-data")),
            DataIsTemporary = local && silo == 0 && values.Text(SettingTable.Data) is null,
            Cache = Path.GetFullPath(values.Text(SettingTable.Cache) ?? Path.Combine(Path.GetTempPath(), $"recsys-{cluster}-{siloPort + silo}")),
            CacheBytes = cache == 0 ? null : (long)cache << 20,
            LiveLmf = liveLmf,
            LiveLmfBytes = liveLmfMegabytes == 0 ? null : (long)liveLmfMegabytes << 20,
            Threads = values.Number(SettingTable.Threads, 0, 4096, 0),
            Service = service,
            Dashboard = values.Flag(SettingTable.Dashboard),
            Drain = TimeSpan.FromSeconds(values.Number(SettingTable.DrainSeconds, 0, 3600, local ? 0 : 5)),
            LogLevel = values.Choice(SettingTable.LogLevel, LogLevel.Warning),
        };
    }

    private static ServiceOptions ReadService(SettingValues values, int silo)
    {
        string port = (FirstHttpPort + silo).ToString(CultureInfo.InvariantCulture);
        string[] urls = [.. (values.Text(SettingTable.Urls) ?? "").Split(',', ';').Select(u => u.Trim()).Where(u => u.Length > 0)];
        return new ServiceOptions
        {
            Urls = urls.Length > 0 ? urls : [$"http://127.0.0.1:{port}"],
            KeysFile = values.Text(SettingTable.Keys),
            Open = values.Flag(SettingTable.Open),
            RequestsPerSecond = values.Number(SettingTable.Rate, 0, int.MaxValue, 0),
            LogRequests = values.Flag(SettingTable.LogRequests),
        };
    }
}
