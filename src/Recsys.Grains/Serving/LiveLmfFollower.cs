using Microsoft.Extensions.Logging;
using Orleans.Runtime;
using Recsys.Engine;
using Recsys.Engine.Serving.Distributed;
using Recsys.Engine.Storage;
using Recsys.Grains.Events;

namespace Recsys.Grains.Serving;

/// <summary>
/// Keeps a silo's copy of the live model's items at what item partitions know. Asking again and again, it depends on no message
/// that could be lost.
/// </summary>
internal sealed class LiveLmfFollower(
    RecsysServingOptions options, ServingNode node, IBlobStore blobs, IGrainFactory grains, ILogger<LiveLmfFollower> logger) : ILifecycleParticipant<ISiloLifecycle>
{
    private readonly CancellationTokenSource _stopping = new();
    private Task _following = Task.CompletedTask;

    public void Participate(ISiloLifecycle lifecycle) =>
        lifecycle.Subscribe(nameof(LiveLmfFollower), ServiceLifecycleStage.Active, StartAsync, StopAsync);

    private async Task StartAsync(CancellationToken cancellationToken)
    {
        if (node.Live is not { } live)
        {
            return;
        }

        await CheckAsync(cancellationToken).ConfigureAwait(false);
        _following = Task.Run(() => FollowAsync(live), CancellationToken.None);
    }

    private async Task StopAsync(CancellationToken cancellationToken)
    {
        await _stopping.CancelAsync().ConfigureAwait(false);
        await _following.WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Snapshots hold factors, and every silo starts an item alike: both for the cluster's life.</summary>
    private async Task CheckAsync(CancellationToken cancellationToken)
    {
        var lmf = options.Events.Lmf!;
        string mine = $"{lmf.Factors} factors of seed {lmf.Seed}, spread {lmf.InitialSpread}";
        var log = new BlobLog(blobs, "serving/live-lmf");
        await log.TryAppendAsync(1, System.Text.Encoding.UTF8.GetBytes(mine), cancellationToken).ConfigureAwait(false);
        string first = System.Text.Encoding.UTF8.GetString(await log.GetAsync(1, cancellationToken).ConfigureAwait(false) ?? []);
        if (first != mine)
        {
            throw new RecsysException($"the live lmf of this cluster began with {first}; this silo is configured for {mine}");
        }
    }

    /// <summary>An event partition that nobody has called since its silo was lost, or since it gave itself up, tells nobody anything.</summary>
    private async Task WakeAsync()
    {
        try
        {
            await Task.WhenAll(Enumerable.Range(0, options.EventPartitions).Select(p => grains.GetGrain<IEventPartitionGrain>(p).WhereAsync()))
                .WaitAsync(_stopping.Token).ConfigureAwait(false);
        }
        catch (Exception e) when (!_stopping.IsCancellationRequested)
        {
            logger.LogDebug(e, "an event partition does not answer; it is asked again");
        }
    }

    private async Task FollowAsync(LiveLmf live)
    {
        bool answered = true;
        try
        {
            while (true)
            {
                bool now = await live.Factors.RefreshAsync(_stopping.Token).ConfigureAwait(false);
                if (answered && !now)
                {
                    logger.LogWarning("an item partition does not tell what is new of the live lmf; what is known answers, and it is asked again");
                }

                answered = now;
                if (live.Factors.Waits)
                {
                    await WakeAsync().ConfigureAwait(false);
                }

                await Task.Delay(options.Events.LmfExchangeEvery, _stopping.Token).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
        {
            // The silo stops.
        }
    }
}
