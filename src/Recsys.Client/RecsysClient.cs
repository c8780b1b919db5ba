using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Orleans.Runtime;
using Recsys.Client.Calls;
using Recsys.Engine;
using Recsys.Engine.Serving;

namespace Recsys.Client;

/// <summary>A connection to a cluster for programs without a host of their own; others call <c>services.AddRecsysClient</c>.</summary>
public sealed class RecsysClient : IAsyncDisposable
{
    private readonly IHost _host;

    private RecsysClient(IHost host) => _host = host;

    /// <summary>Recommendations.</summary>
    public IRecommender Recommender => _host.Services.GetRequiredService<IRecommender>();

    /// <summary>Questions to new users.</summary>
    public IOnboarding Onboarding => _host.Services.GetRequiredService<IOnboarding>();

    /// <summary>Where events go.</summary>
    public IEventIngest Events => _host.Services.GetRequiredService<IEventIngest>();

    /// <summary>Training.</summary>
    public ITrainingJobs Training => _host.Services.GetRequiredService<ITrainingJobs>();

    /// <summary>Versions of models.</summary>
    public IModelVersions Models => _host.Services.GetRequiredService<IModelVersions>();

    /// <summary>All histories.</summary>
    public IHistories Histories => _host.Services.GetRequiredService<IHistories>();

    /// <summary>Changing what is known of items.</summary>
    public IItemWriter Items => _host.Services.GetRequiredService<IItemWriter>();

    /// <summary>Forgetting users.</summary>
    public IUserForget Forget => _host.Services.GetRequiredService<IUserForget>();

    /// <summary>The cluster's grains.</summary>
    public IGrainFactory Grains => _host.Services.GetRequiredService<IClusterClient>();

    /// <summary>How many attempts of calls failed because a silo went away, and were repeated.</summary>
    public long Repeated => _host.Services.GetRequiredService<CallRetry>().Repeated;

    /// <summary>Connects.</summary>
    /// <exception cref="RecsysException">The cluster cannot be reached within the options' patience.</exception>
    public static async Task<RecsysClient> ConnectAsync(RecsysClientOptions? options = null, CancellationToken cancellationToken = default)
    {
        options ??= new RecsysClientOptions();
        var builder = new HostBuilder()
            .ConfigureLogging(logging => logging.SetMinimumLevel(LogLevel.None))
            .ConfigureServices(services => services.AddRecsysClient(options));
        var host = builder.Build();
        try
        {
            await host.StartAsync(cancellationToken).ConfigureAwait(false);
            return new RecsysClient(host);
        }
        catch (Exception e) when (e is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
        {
            host.Dispose();
            string where = options.Postgres is null ? string.Join(", ", options.Gateways) : "PostgreSQL";
            throw new RecsysException(
                $"cluster '{options.Cluster}' cannot be reached (by {where}): {e.GetBaseException().Message.ReplaceLineEndings(" ")}", e);
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _host.StopAsync().ConfigureAwait(false);
        _host.Dispose();
    }
}
