using System.Runtime.CompilerServices;
using Recsys.Engine;
using Recsys.Engine.Compute;
using Recsys.Engine.Data;
using Recsys.Engine.Models;
using Recsys.Engine.Serving;
using Recsys.Grains.Training;

namespace Recsys.Grains.Jobs;

/// <summary>The training of a cluster through the same face as training in one process: from a client, or from within a silo.</summary>
/// <param name="grains">The cluster.</param>
public sealed class ClusterTrainingJobs(IGrainFactory grains) : ITrainingJobs
{
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    private ITrainingJobsGrain Jobs => grains.GetGrain<ITrainingJobsGrain>(0);

    /// <inheritdoc/>
    public async ValueTask<TrainingStatus> StartAsync(TrainingRequest request, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(request);
        var submission = new ClusterTrainingRequest
        {
            Dataset = "",
            Algorithm = request.Algorithm,
            Options = request.Options.Values,
            Model = request.Model,
            Activate = request.Activate,
            Submission = Guid.NewGuid().ToString("N"),
        };
        return Convert(await RepeatAsync(() => Jobs.StartAsync(submission), cancellationToken).ConfigureAwait(false));
    }

    /// <inheritdoc/>
    public async ValueTask<IReadOnlyList<TrainingStatus>> ListAsync(CancellationToken cancellationToken = default) =>
        [.. (await Jobs.ListAsync().WaitAsync(cancellationToken).ConfigureAwait(false)).Select(Convert)];

    /// <inheritdoc/>
    public async ValueTask<TrainingStatus?> GetAsync(string id, CancellationToken cancellationToken = default) =>
        await Jobs.GetAsync(id).WaitAsync(cancellationToken).ConfigureAwait(false) is { } status ? Convert(status) : null;

    /// <inheritdoc/>
    public async IAsyncEnumerable<TrainingStatus> WatchAsync(string id, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        // Asking again and again survives whatever silo is lost meanwhile.
        for (long seen = -1; ;)
        {
            var status = await TryGetAsync(id, cancellationToken).ConfigureAwait(false);
            if (status is not null && (status.Revision != seen || status.Ended))
            {
                seen = status.Revision;
                yield return status;
                if (status.Ended)
                {
                    yield break;
                }
            }

            await Task.Delay(Poll, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <inheritdoc/>
    public async ValueTask<TrainingStatus> CancelAsync(string id, CancellationToken cancellationToken = default) =>
        await RepeatAsync(() => Jobs.CancelAsync(id), cancellationToken).ConfigureAwait(false) is { } status
            ? Convert(status)
            : throw new UnknownIdException("training job", id);

    /// <summary>Makes a call again where the silo that had it was lost: for calls that mean the same when they are made twice.</summary>
    private static Task<T> RepeatAsync<T>(Func<Task<T>> call, CancellationToken cancellationToken) =>
        Transient.CallAsync(call, Patience, "the training jobs", cancellationToken);

    /// <summary>Null where nobody answers just now.</summary>
    private async Task<TrainingStatus?> TryGetAsync(string id, CancellationToken cancellationToken)
    {
        ClusterTrainingStatus? status;
        try
        {
            status = await Jobs.GetAsync(id).WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is not (OperationCanceledException or RecsysException))
        {
            return null;
        }

        return status is null ? throw new UnknownIdException("training job", id) : Convert(status);
    }

    private static TrainingStatus Convert(ClusterTrainingStatus status)
    {
        var request = new TrainingRequest(status.Request.Algorithm, new OptionBag(status.Request.Options))
        {
            Model = status.Request.Model,
            Activate = status.Request.Activate,
        };
        double? loss = status.Losses.Count > 0 ? status.Losses[^1] : null;
        return new TrainingStatus(status.Id, request, status.Revision, status.State, status.Started)
        {
            Progress = status.Stage.Length > 0 ? new TrainingProgress(status.Stage, status.Done, status.Total, loss) : null,
            Losses = status.Losses,
            Seconds = status.Seconds,
            Version = status.Version,
            Error = status.Error,
        };
    }
}
