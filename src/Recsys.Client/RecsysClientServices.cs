using System.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Orleans.Configuration;
using Orleans.Runtime;
using Recsys.Client.Calls;
using Recsys.Grains.Transport;

namespace Recsys.Client;

/// <summary>Adds a connection to a cluster to a program's services.</summary>
public static class RecsysClientServices
{
    /// <summary>
    /// Adds <c>IRecommender</c>, <c>IEventIngest</c>, <c>ITrainingJobs</c>, <c>IModelVersions</c>, … over a cluster. The
    /// host connects when it starts, and again when the connection is lost; calls that failed because a silo went away
    /// are repeated.
    /// </summary>
    public static IServiceCollection AddRecsysClient(this IServiceCollection services, Action<RecsysClientOptions>? configure = null)
    {
        var options = new RecsysClientOptions();
        configure?.Invoke(options);
        return services.AddRecsysClient(options);
    }

    internal static IServiceCollection AddRecsysClient(this IServiceCollection services, RecsysClientOptions options)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentOutOfRangeException.ThrowIfLessThan(options.MostQuestions, 1);
        services.AddSingleton(new CallRetry(options.CallPatience, options.ReadTimeout, options.MostQuestions));
        services.AddOrleansClient(client =>
        {
            client.Configure<ClusterOptions>(o =>
            {
                o.ClusterId = options.Cluster;
                o.ServiceId = options.Cluster;
            });
            client.Configure<ClientMessagingOptions>(o => o.ResponseTimeout = options.ResponseTimeout);
            client.Configure<GatewayOptions>(o => o.GatewayListRefreshPeriod = TimeSpan.FromSeconds(10));
            client.UseConnectionRetryFilter(Patient(options.ConnectPatience));
            client.AddActivityPropagation();
            client.Services.UseRecsysTransport();
            if (options.Postgres is { } connection)
            {
                client.UseAdoNetClustering(o => (o.Invariant, o.ConnectionString) = ("Npgsql", connection));
            }
            else
            {
                client.UseStaticClustering([.. options.Gateways]);
            }
        });
        ClusterFaces.Add(services);
        return services;
    }

    private static Func<Exception, CancellationToken, Task<bool>> Patient(TimeSpan patience)
    {
        long began = Stopwatch.GetTimestamp();
        return async (error, token) =>
        {
            if (Stopwatch.GetElapsedTime(began) > patience || !(CallRetry.IsTransient(error) || error is Npgsql.NpgsqlException))
            {
                return false;
            }

            await Task.Delay(TimeSpan.FromMilliseconds(500), token).ConfigureAwait(false);
            return true;
        };
    }
}
