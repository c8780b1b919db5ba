using System.CommandLine;
using System.Net;
using Recsys.Engine;

namespace Recsys.Client.Commands;

/// <summary>Which cluster a command talks to.</summary>
internal sealed class ClusterOptionSet
{
    private const int GatewayPort = 30000;

    private readonly Option<string?> _cluster = new("--cluster") { Description = "the cluster's name (RECSYS_CLUSTER; default recsys)", HelpName = "NAME", Recursive = true };
    private readonly Option<string?> _postgres = new("--postgres") { Description = "connection string of the cluster's PostgreSQL (RECSYS_POSTGRES)", HelpName = "STRING", Recursive = true };
    private readonly Option<string?> _gateways = new("--gateways")
    {
        Description = $"without PostgreSQL: where silos listen for clients (RECSYS_GATEWAYS; default 127.0.0.1:{GatewayPort})",
        HelpName = "IP:PORT,…",
        Recursive = true,
    };

    public void AddTo(RootCommand root)
    {
        root.Options.Add(_cluster);
        root.Options.Add(_postgres);
        root.Options.Add(_gateways);
    }

    /// <summary>Connects to the cluster the command line or the environment names.</summary>
    public Task<RecsysClient> ConnectAsync(ParseResult result, CancellationToken cancellationToken)
    {
        var options = new RecsysClientOptions { Cluster = Value(result, _cluster, "RECSYS_CLUSTER") ?? "recsys" };
        if (result.GetValue(_gateways) is null)
        {
            options.Postgres = Value(result, _postgres, "RECSYS_POSTGRES");
        }

        if (options.Postgres is null && Value(result, _gateways, "RECSYS_GATEWAYS") is { } gateways)
        {
            options.Gateways = [.. gateways.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Select(Parse)];
        }

        return RecsysClient.ConnectAsync(options, cancellationToken);
    }

    private static string? Value(ParseResult result, Option<string?> option, string variable) =>
        result.GetValue(option) ?? (Environment.GetEnvironmentVariable(variable) is { Length: > 0 } value ? value : null);

    private static IPEndPoint Parse(string text)
    {
        if (!IPEndPoint.TryParse(text, out var endpoint))
        {
            throw new InvalidOptionException($"--gateways: expected IP:PORT,…, found '{text}'");
        }

        return endpoint.Port == 0 ? new IPEndPoint(endpoint.Address, GatewayPort) : endpoint;
    }
}
