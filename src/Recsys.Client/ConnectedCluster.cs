using Microsoft.Extensions.Hosting;
using Recsys.Client.Calls;
using Recsys.Grains.Serving;

namespace Recsys.Client;

/// <summary>What a client has to ask the cluster once it is connected: how events are cut into partitions.</summary>
internal sealed class ConnectedCluster(ClusterRecommender cluster, CallRetry retry) : IHostedService
{
    private ClusterIngest? _ingest;

    public ClusterIngest Ingest => _ingest ?? throw new InvalidOperationException("the host that the client is of has not been started");

    public async Task StartAsync(CancellationToken cancellationToken) =>
        _ingest = await retry.RunAsync(static (c, t) => c.GetIngestAsync(t), cluster, cancellationToken).ConfigureAwait(false);

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
