using Microsoft.Extensions.Hosting;
using Recsys.Engine.Serving.Distributed;
using Recsys.Engine.Storage;

namespace Recsys.Silo.Hosting;

/// <summary>
/// Lets the silo be ready once it answers from the models that were active when it started, or knows that there were none.
/// </summary>
internal sealed class ModelWatch(IBlobStore blobs, ServingNode node, Readiness readiness) : BackgroundService
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var registry = new ModelRegistry(blobs);
        long? wanted = null;
        while (wanted is null || node.Models.Active.Revision < wanted)
        {
            try
            {
                wanted ??= (await registry.RefreshAsync(stoppingToken).ConfigureAwait(false)).Revision;
            }
            catch (Exception) when (!stoppingToken.IsCancellationRequested)
            {
                // The store is away: not ready, and tried again.
            }

            if (wanted is null || node.Models.Active.Revision < wanted)
            {
                await Task.Delay(Pause, stoppingToken).ConfigureAwait(false);
            }
        }

        readiness.ModelsKnown();
    }
}
