namespace Recsys.Silo.Configuration;

/// <summary>Everything that can be configured of a silo.</summary>
internal static class SettingTable
{
    public static readonly Setting Clustering = new("clustering", "KIND", "how silos find each other: localhost (one machine, no server) or postgres (default localhost; postgres where --postgres is given)");
    public static readonly Setting Cluster = new("cluster", "NAME", "the cluster's name; silos and clients of one name find each other (default recsys)");
    public static readonly Setting Postgres = new("postgres", "STRING", "connection string of PostgreSQL, e.g. \"Host=db;Username=recsys;Password=…;Database=recsys\"");
    public static readonly Setting CreateSchema = new("create-schema", null, "create the tables in PostgreSQL where they are not there");
    public static readonly Setting Silo = new("silo", "N", "localhost: number of this silo on the machine; the ports of silo N are N above the first one's, and it joins silo 0 (default 0)");
    public static readonly Setting SiloPort = new("silo-port", "PORT", "port that other silos reach this one by (default 11111)");
    public static readonly Setting GatewayPort = new("gateway-port", "PORT", "port that clients reach it by (default 30000)");
    public static readonly Setting Address = new("address", "IP", "postgres: address that others reach this silo by (default: the address of the host's name)");
    public static readonly Setting Data = new("data", "DIR", "localhost: directory that keeps models, data sets and events, the same for all silos; without it they are gone when the silos end");
    public static readonly Setting Cache = new("cache", "DIR", "directory for models brought to this machine (default: below the system's temporary directory)");
    public static readonly Setting CacheMegabytes = new("cache-mb", "MB", "memory for models on this silo (default half of the machine's)");
    public static readonly Setting LiveLmf = new("live-lmf", "K", "factors of the live model lmf, which learns from every event (0 for none; default 0); the same on all silos, for the cluster's life");
    public static readonly Setting LiveLmfMegabytes = new("live-lmf-mb", "MB", "memory for the items of the live lmf, for this silo's copy and for each event partition (default 2048)");
    public static readonly Setting Threads = new("threads", "N", "threads that train on this silo; 0 for one a processor (default 0)");
    public static readonly Setting Urls = new("urls", "URL,URL", "addresses to answer HTTP at (default http://127.0.0.1:5080; localhost silo N: port 5080 + N)");
    public static readonly Setting Keys = new("keys", "FILE", "API keys of the HTTP service (see recsys keys)");
    public static readonly Setting Open = new("open", null, "answer on other addresses than loopback without API keys");
    public static readonly Setting Rate = new("rate", "N", "HTTP requests a second that one client may make; 0 for any number (default 0)");
    public static readonly Setting LogRequests = new("log-requests", null, "log every HTTP request (route, status, time; never ids)");
    public static readonly Setting Dashboard = new("dashboard", null, "the Orleans dashboard at /dashboard, for admin keys");
    public static readonly Setting DrainSeconds = new("drain-seconds", "S", "seconds between saying 'not ready' and stopping, so that load balancers go elsewhere (default 0 on loopback, else 5)");
    public static readonly Setting LogLevel = new("log-level", "LEVEL", "of Orleans' messages: trace, debug, information, warning, error (default warning, which leaves out those that came too late)");

    public static IReadOnlyList<Setting> All { get; } =
    [
        Clustering, Cluster, Postgres, CreateSchema, Silo, SiloPort, GatewayPort, Address, Data, Cache, CacheMegabytes, LiveLmf, LiveLmfMegabytes, Threads,
        Urls, Keys, Open, Rate, LogRequests, Dashboard, DrainSeconds, LogLevel,
    ];
}
