using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Hosting;
using Npgsql;
using Orleans.Runtime;
using Recsys.Cli.Output;
using Recsys.Engine;
using Recsys.Silo.Configuration;
using Recsys.Silo.Postgres;

namespace Recsys.Silo.Hosting;

/// <summary>A silo from its start to its end.</summary>
internal static class SiloRun
{
    /// <summary>
    /// Runs until cancelled, then leaves in order: says "not ready" and waits for load balancers to see it, stops
    /// accepting requests and answers those it has, deactivates its grains (the others take the partitions over), and
    /// leaves the cluster.
    /// </summary>
    public static async Task<int> RunAsync(SiloSettings settings, Terminal terminal, CancellationToken cancellationToken)
    {
        if (settings.Postgres is { } connection)
        {
            await PostgresSchema.PrepareAsync(connection, settings.CreateSchema, cancellationToken).ConfigureAwait(false);
        }

        using var temporary = settings.DataIsTemporary ? new TemporaryData(settings.Data!) : null;
        var readiness = new Readiness();
        await using var app = SiloHost.Build(settings, readiness);
        try
        {
            await app.StartAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (Explain(e) is { } message)
        {
            throw new RecsysException($"the silo cannot start: {message}", e);
        }

        terminal.Out.WriteLine($"silo {settings.Cluster} at port {settings.SiloPort}, clients at port {settings.GatewayPort}");
        foreach (string url in app.Urls)
        {
            terminal.Out.WriteLine($"listening on {url}");
        }

        terminal.Out.Flush();
        using var stopped = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, app.Lifetime.ApplicationStopping);
        await Task.Delay(Timeout.Infinite, stopped.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        readiness.Drain();
        if (settings.Drain > TimeSpan.Zero)
        {
            terminal.Notice($"leaving in {settings.Drain.TotalSeconds:F0} s");
            await Task.Delay(settings.Drain, CancellationToken.None).ConfigureAwait(false);
        }

        await app.StopAsync(CancellationToken.None).ConfigureAwait(false);
        terminal.Notice("stopped");
        return 0;
    }

    /// <summary>One line for what commonly goes wrong on starting; null for what nobody expects.</summary>
    private static string? Explain(Exception error)
    {
        for (var e = error; e is not null; e = e.InnerException)
        {
            if (e is AddressInUseException or System.Net.Sockets.SocketException or IOException or NpgsqlException or OrleansConfigurationException or RecsysException or TimeoutException)
            {
                return e.Message.ReplaceLineEndings(" ");
            }
        }

        return null;
    }
}
