using System.Threading.RateLimiting;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http.Timeouts;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Recsys.Api.Hosting;
using Recsys.Api.Metrics;
using Recsys.Api.OpenApi;
using Recsys.Api.Page;
using Recsys.Api.Security;
using Recsys.Engine;

namespace Recsys.Api;

/// <summary>The HTTP service over a recommender: endpoints, documentation, page, metrics.</summary>
public static class RecsysService
{
    /// <summary>Makes the service. Start it with <c>StartAsync</c>; its <c>Urls</c> then name the ports it has.</summary>
    /// <param name="parts">What stands behind the endpoints.</param>
    /// <param name="options">How it listens, and limits.</param>
    /// <param name="log">Where it logs; null for standard error.</param>
    /// <exception cref="InvalidOptionException">An address is not valid, or the service would stand open on a network.</exception>
    public static WebApplication Build(ServiceParts parts, ServiceOptions? options = null, ILoggerProvider? log = null)
    {
        ArgumentNullException.ThrowIfNull(parts);
        return Build(new ServiceHosting(_ => parts), options, log);
    }

    /// <summary>Makes the service together with something else in one host.</summary>
    /// <inheritdoc cref="Build(ServiceParts, ServiceOptions?, ILoggerProvider?)"/>
    public static WebApplication Build(ServiceHosting hosting, ServiceOptions? options = null, ILoggerProvider? log = null)
    {
        ArgumentNullException.ThrowIfNull(hosting);
        options ??= new ServiceOptions();
        bool loopback = ListenAddress.AreLoopback(options.Urls);
        var keys = options.KeysFile is { } file ? ApiKeys.Load(file) : null;
        if (!loopback && keys is null && !options.Open)
        {
            throw new InvalidOptionException(
                "without API keys the service listens on loopback only: give --keys FILE (see `recsys keys add`), or --open if whoever reaches it may use it");
        }

        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        ConfigureServer(builder, options);
        ConfigureLog(builder.Logging, log);
        var guard = new AccessGuard(keys, loopback);
        if (options.RequestsPerSecond > 0)
        {
            builder.Services.AddRateLimiter(limits => Limit(limits, options.RequestsPerSecond, guard));
        }

        hosting.Configure?.Invoke(builder);
        var app = builder.Build();
        var service = new ServiceContext(hosting.Parts(app.Services), options, new ServiceMetrics(TimeProvider.System), TimeProvider.System)
        {
            Stopping = app.Lifetime.ApplicationStopping,
        };
        var pipeline = new RequestPipeline(service, app.Services.GetRequiredService<ILoggerFactory>().CreateLogger("Recsys.Api"));
        app.Use(next => context => pipeline.InvokeAsync(context, next));
        if (hosting.AdminPrefix is { } prefix)
        {
            app.Use(next => context =>
            {
                if (context.Request.Path.StartsWithSegments(prefix, StringComparison.OrdinalIgnoreCase))
                {
                    guard.CheckBrowser(context, Access.Admin);
                }

                return next(context);
            });
        }

        app.UseRouting();
        if (options.RequestsPerSecond > 0)
        {
            app.UseRateLimiter();
        }

        app.UseRequestTimeouts();
        Map(app, service, guard);
        hosting.MapAdmin?.Invoke(app);
        foreach (string url in options.Urls)
        {
            app.Urls.Add(url);
        }

        return app;
    }

    private static void ConfigureServer(WebApplicationBuilder builder, ServiceOptions options)
    {
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.AllowAlternateSchemes = false;
            kestrel.Limits.MaxRequestBodySize = options.MaxBodyBytes;
            kestrel.Limits.MaxConcurrentConnections = options.MaxConnections;
            kestrel.Limits.MaxRequestLineSize = 64 << 10;
            kestrel.Limits.MaxRequestHeadersTotalSize = 32 << 10;
            kestrel.Limits.RequestHeadersTimeout = TimeSpan.FromSeconds(15);
        });
        builder.Services.AddRoutingCore();
        builder.Services.AddSingleton<IHostLifetime, NoLifetime>();
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = TimeSpan.FromSeconds(10));
        builder.Services.AddRequestTimeouts(timeouts => timeouts.DefaultPolicy = new RequestTimeoutPolicy
        {
            Timeout = options.RequestTimeout,
            TimeoutStatusCode = StatusCodes.Status504GatewayTimeout,
        });
    }

    private static void ConfigureLog(ILoggingBuilder logging, ILoggerProvider? log)
    {
        logging.AddFilter("Microsoft", LogLevel.Warning);
        if (log is not null)
        {
            logging.AddProvider(log);
            return;
        }

        logging.AddSimpleConsole(console =>
        {
            console.SingleLine = true;
            console.TimestampFormat = "yyyy-MM-ddTHH:mm:ssZ ";
            console.UseUtcTimestamp = true;
        });
        logging.Services.Configure<Microsoft.Extensions.Logging.Console.ConsoleLoggerOptions>(
            console => console.LogToStandardErrorThreshold = LogLevel.Trace);
    }

    private static void Limit(Microsoft.AspNetCore.RateLimiting.RateLimiterOptions limits, int perSecond, AccessGuard guard)
    {
        limits.RejectionStatusCode = StatusCodes.Status429TooManyRequests;
        limits.OnRejected = (rejected, _) =>
        {
            rejected.HttpContext.Response.Headers.RetryAfter = "1";
            return ValueTask.CompletedTask;
        };
        limits.GlobalLimiter = PartitionedRateLimiter.Create<HttpContext, string>(context => RateLimitPartition.GetTokenBucketLimiter(
            guard.ClientOf(context),
            _ => new TokenBucketRateLimiterOptions
            {
                TokenLimit = perSecond,
                TokensPerPeriod = Math.Max(1, perSecond / 10),
                ReplenishmentPeriod = perSecond >= 10 ? TimeSpan.FromMilliseconds(100) : TimeSpan.FromSeconds(1.0 / perSecond),
                QueueLimit = 0,
            }));
    }

    private static void Map(WebApplication app, ServiceContext service, AccessGuard guard)
    {
        var routes = RouteTable.Create(service);
        foreach (var route in routes)
        {
            MapRoute(app, service, guard, route);
        }

        byte[] document = OpenApiDocument.Write(routes);
        MapRoute(app, service, guard, OpenApiDocument.Route(document));
        PageFiles.Map(app, service.Metrics);
    }

    private static void MapRoute(WebApplication app, ServiceContext service, AccessGuard guard, ApiRoute route)
    {
        var metrics = service.Metrics.AddRoute(route.Method, route.Pattern);
        metrics.Rolling = route.Tag switch
        {
            "recommendations" => service.Metrics.Recommendations,
            "events" when route.Method == HttpMethods.Post => service.Metrics.Ingest,
            _ => null,
        };
        var mapped = app.MapMethods(route.Pattern, [route.Method], context =>
        {
            guard.Check(context, route.Access);
            if (route.Query.Count == 0)
            {
                QueryReader.None(context.Request);
            }

            return route.Handler(context);
        });
        mapped.WithMetadata(metrics, route);
        if (route.Streams)
        {
            mapped.DisableRequestTimeout();
        }
    }
}
