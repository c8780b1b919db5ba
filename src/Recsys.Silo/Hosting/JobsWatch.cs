using Microsoft.Extensions.Hosting;
using Recsys.Grains.Jobs;

namespace Recsys.Silo.Hosting;

/// <summary>Keeps the cluster's queue of training jobs going: where the silo it lived in was lost, it comes up in another.</summary>
internal sealed class JobsWatch(IGrainFactory grains) : BackgroundService
{
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(10);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            await Task.Delay(Period * (0.5 + Random.Shared.NextDouble()), stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            try
            {
                await grains.GetGrain<ITrainingJobsGrain>(0).WakeAsync().WaitAsync(stoppingToken).ConfigureAwait(false);
            }
            catch (Exception)
            {
                // Asked again before long.
            }
        }
    }
}
