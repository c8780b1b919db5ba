using Microsoft.Extensions.Logging;
using Orleans.Runtime;
using Recsys.Engine;
using Recsys.Engine.Serving.Distributed;
using Recsys.Engine.Storage;

namespace Recsys.Grains.Serving;

/// <summary>
/// Keeps a silo's <see cref="ServingNode"/> at what is active: asks the directory whether there is something new and loads
/// it beside what answers. Asking again and again, it depends on no message that could be lost.
/// </summary>
internal sealed class ServingFollower(
    RecsysServingOptions options, ServingNode node, IBlobStore blobs, IGrainFactory grains, ILogger<ServingFollower> logger)
    : ILifecycleParticipant<ISiloLifecycle>
{
    private readonly CancellationTokenSource _stopping = new();
    private readonly ModelRegistry _registry = new(blobs);
    private Task _items = Task.CompletedTask;
    private Task _models = Task.CompletedTask;

    public void Participate(ISiloLifecycle lifecycle) =>
        lifecycle.Subscribe(nameof(ServingFollower), ServiceLifecycleStage.Active, StartAsync, StopAsync);

    private async Task StartAsync(CancellationToken cancellationToken)
    {
        options.Validate();
        await CheckPartitionsAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            // What is active already is loaded before the silo takes calls, where that can be done.
            await node.Catalogue.RefreshAsync(cancellationToken).ConfigureAwait(false);
            await node.Models.FollowAsync(await _registry.RefreshAsync(cancellationToken).ConfigureAwait(false), null, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            logger.LogError(e, "what is active cannot be loaded yet");
        }

        _items = Task.Run(FollowItemsAsync, CancellationToken.None);
        _models = Task.Run(FollowModelsAsync, CancellationToken.None);
    }

    private async Task StopAsync(CancellationToken cancellationToken)
    {
        await _stopping.CancelAsync().ConfigureAwait(false);
        await Task.WhenAll(_items, _models).WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Where users and items are does not change while there are journals by it.</summary>
    private async Task CheckPartitionsAsync(CancellationToken cancellationToken)
    {
        string mine = $"{options.EventPartitions} event partitions, {options.ItemPartitions} item partitions";
        var log = new BlobLog(blobs, "serving/partitions");
        await log.TryAppendAsync(1, System.Text.Encoding.UTF8.GetBytes(mine), cancellationToken).ConfigureAwait(false);
        byte[]? written = await log.GetAsync(1, cancellationToken).ConfigureAwait(false);
        string first = System.Text.Encoding.UTF8.GetString(written ?? []);
        if (first != mine)
        {
            throw new RecsysException($"this cluster began with {first}; this silo is configured for {mine}");
        }
    }

    private Task FollowItemsAsync() => FollowAsync("items", async revision =>
    {
        if (revision.Items != node.Catalogue.Number)
        {
            await node.Catalogue.RefreshAsync(_stopping.Token).ConfigureAwait(false);
        }
    });

    private Task FollowModelsAsync()
    {
        bool prepared = false;
        return FollowAsync("models", async revision =>
        {
            if (revision.Models == node.Models.Active.Revision)
            {
                if (!prepared)
                {
                    await node.Models.PrepareAsync(node.Shards, _stopping.Token).ConfigureAwait(false); // after a start of all silos nobody has
                    prepared = true;
                }

                return;
            }

            var choice = await _registry.RefreshAsync(_stopping.Token).ConfigureAwait(false);
            logger.LogInformation("models of revision {Revision} are being loaded", choice.Revision);
            await node.Models.FollowAsync(choice, node.Shards, _stopping.Token).ConfigureAwait(false);
            prepared = true;
            ServingMeter.Swaps.Add(1);
            logger.LogInformation("models of revision {Revision} answer", choice.Revision);
        });
    }

    private async Task FollowAsync(string what, Func<ServingRevision, Task> follow)
    {
        var directory = grains.GetGrain<IServingDirectoryGrain>(0);
        int failures = 0;
        while (!_stopping.IsCancellationRequested)
        {
            try
            {
                await Task.Delay(options.FollowEvery * (1 << Math.Min(failures, 5)), _stopping.Token).ConfigureAwait(false);
                await follow(await directory.RevisionAsync().ConfigureAwait(false)).ConfigureAwait(false);
                failures = 0;
            }
            catch (Exception e)
            {
                if (!_stopping.IsCancellationRequested)
                {
                    failures++;
                    logger.LogWarning(e, "following the active {What} failed; what answers stays, and it is tried again", what);
                }
            }
        }
    }
}
