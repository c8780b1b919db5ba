namespace Recsys.Api;

/// <summary>How the service listens and what it lets clients do.</summary>
public sealed record ServiceOptions
{
    /// <summary>Addresses to listen on, <c>http://host:port</c> or <c>https://…</c>; port 0 takes any free one.</summary>
    public IReadOnlyList<string> Urls { get; init; } = ["http://127.0.0.1:5080"];

    /// <summary>File of hashed API keys; null for a service that is open to whoever reaches it.</summary>
    public string? KeysFile { get; init; }

    /// <summary>Whether a service without keys may listen on other addresses than loopback.</summary>
    public bool Open { get; init; }

    /// <summary>Bytes of a request's body.</summary>
    public int MaxBodyBytes { get; init; } = 1 << 20;

    /// <summary>Bytes of the body of a stream of lines (events, items).</summary>
    public long MaxStreamBytes { get; init; } = 1L << 30;

    /// <summary>Requests a second that one client (API key, else address) may make; 0 for any number.</summary>
    public int RequestsPerSecond { get; init; }

    /// <summary>How long a request may take; streams of events and progress are exempt.</summary>
    public TimeSpan RequestTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Connections at a time.</summary>
    public int MaxConnections { get; init; } = 4096;

    /// <summary>Whether every request is logged (method, route, status, time; never ids), not only the failed ones.</summary>
    public bool LogRequests { get; init; }

    /// <summary>Items a request may ask for, its offset included.</summary>
    public int MaxCount { get; init; } = 1000;
}
