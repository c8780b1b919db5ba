using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Orleans.Configuration;
using Orleans.Dashboard;
using Orleans.Runtime;
using Orleans.Streams;
using Recsys.Api;
using Recsys.Engine.Logistic;
using Recsys.Grains.Jobs;
using Recsys.Grains.Serving;
using Recsys.Grains.Training;
using Recsys.Grains.Transport;
using Recsys.Silo.Configuration;

namespace Recsys.Silo.Hosting;

/// <summary>A silo and the HTTP service in one host.</summary>
internal static class SiloHost
{
    private const string DashboardPath = "/dashboard";
    private const string StreamProvider = "recsys-events";
    private const int StreamQueues = 4;

    /// <summary>How long leaving may take before it is cut short.</summary>
    private static readonly TimeSpan ShutdownTimeout = TimeSpan.FromSeconds(60);

    public static WebApplication Build(SiloSettings settings, Readiness readiness)
    {
        var hosting = new ServiceHosting(services => SiloParts.Create(services, readiness))
        {
            Configure = builder => Configure(builder, settings, readiness),
            AdminPrefix = settings.Dashboard ? DashboardPath : null,
            MapAdmin = settings.Dashboard ? endpoints => endpoints.MapOrleansDashboard(DashboardPath) : null,
        };
        return RecsysService.Build(hosting, settings.Service);
    }

    private static void Configure(WebApplicationBuilder builder, SiloSettings settings, Readiness readiness)
    {
        builder.Logging.AddFilter("Orleans", settings.LogLevel);
        builder.Logging.AddFilter("Microsoft.Orleans", settings.LogLevel);

        // It warns of each message that came too late: under a load that makes them late, writing that down is what ends a silo. Meters count them.
        builder.Logging.AddFilter("Orleans.Messaging", settings.LogLevel == LogLevel.Warning ? LogLevel.Error : settings.LogLevel);
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = ShutdownTimeout);
        builder.Services.AddSingleton(readiness);
        builder.Services.AddSingleton<MeterText>();
        SiloStorage.Add(builder.Services, settings);
        builder.UseOrleans(silo =>
        {
            Join(silo, settings);
            silo.AddActivityPropagation();
            AddStreams(silo);
            silo.AddRecsysServing(options =>
            {
                options.StreamProvider = StreamProvider;
                options.TemporaryFolder = settings.Cache;
                options.Events = options.Events with
                {
                    Lmf = settings.LiveLmf == 0 ? null : new LmfOptions { Factors = settings.LiveLmf },
                    LmfBytes = settings.LiveLmfBytes ?? options.Events.LmfBytes,
                };
                options.ModelBytes = settings.CacheBytes ?? GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 2;
            });
            silo.AddRecsysTraining(options => options.Threads = settings.Threads);
            silo.AddRecsysJobs();
            silo.Services.UseRecsysTransport();

            // After the silo: hosted services start in this order.
            silo.Services.AddHostedService<ModelWatch>();
            silo.Services.AddHostedService<JobsWatch>();
            if (settings.Dashboard)
            {
                silo.AddDashboard();
            }
        });
    }

    /// <summary>Streams for what may be lost with a silo; the durable way in is the event partitions' own.</summary>
    private static void AddStreams(ISiloBuilder silo) => silo.AddMemoryStreams(StreamProvider, streams =>
    {
        streams.ConfigureStreamPubSub(StreamPubSubType.ImplicitOnly);

        // Every queue is asked this often, also when nothing happens: eight of them, each 100 ms, took half of what two silos at
        // rest take.
        streams.ConfigurePartitioning(StreamQueues);
        streams.ConfigurePullingAgent(o => o.Configure(p => p.GetQueueMsgsTimerPeriod = TimeSpan.FromMilliseconds(200)));
    });

    /// <summary>Membership, grain state and reminders.</summary>
    private static void Join(ISiloBuilder silo, SiloSettings settings)
    {
        silo.Configure<ClusterOptions>(options =>
        {
            options.ClusterId = settings.Cluster;
            options.ServiceId = settings.Cluster;
        });
        silo.Configure<SiloOptions>(options => options.SiloName = $"{Environment.MachineName}:{settings.SiloPort}");
        if (settings.Clustering == ClusteringKind.Localhost)
        {
            var primary = settings.PrimaryPort is { } port ? new System.Net.IPEndPoint(System.Net.IPAddress.Loopback, port) : null;
            silo.UseLocalhostClustering(settings.SiloPort, settings.GatewayPort, primary, settings.Cluster, settings.Cluster);
            silo.AddMemoryGrainStorageAsDefault();
            silo.UseInMemoryReminderService();
            return;
        }

        silo.Configure<EndpointOptions>(options =>
        {
            options.SiloPort = settings.SiloPort;
            options.GatewayPort = settings.GatewayPort;
            if (settings.Address is { } address)
            {
                options.AdvertisedIPAddress = address;
                if (!System.Net.IPAddress.IsLoopback(address))
                {
                    // In a container the advertised address may be the host's.
                    options.SiloListeningEndpoint = new System.Net.IPEndPoint(System.Net.IPAddress.Any, settings.SiloPort);
                    options.GatewayListeningEndpoint = new System.Net.IPEndPoint(System.Net.IPAddress.Any, settings.GatewayPort);
                }
            }
        });
        string connection = settings.Postgres!;
        silo.UseAdoNetClustering(options => (options.Invariant, options.ConnectionString) = (Postgres.PostgresSchema.Invariant, connection));
        silo.AddAdoNetGrainStorageAsDefault(options =>
        {
            (options.Invariant, options.ConnectionString) = (Postgres.PostgresSchema.Invariant, connection);
            options.DeleteStateOnClear = true;
        });
        silo.UseAdoNetReminderService(options => (options.Invariant, options.ConnectionString) = (Postgres.PostgresSchema.Invariant, connection));

        // A silo that ended is noticed within some seconds: its partitions are wanted elsewhere.
        silo.Configure<ClusterMembershipOptions>(options =>
        {
            options.ProbeTimeout = TimeSpan.FromSeconds(2);
            options.NumMissedProbesLimit = 3;
            options.DefunctSiloCleanupPeriod = TimeSpan.FromHours(1);
            options.DefunctSiloExpiration = TimeSpan.FromDays(1);
        });
    }
}
