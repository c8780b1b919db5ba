using Orleans.Concurrency;
using Recsys.Engine.Als;

namespace Recsys.Grains.Training;

/// <summary>
/// A training of the cluster; the key is its id, chosen by who asks for it. Calls return at once: the work goes on in the
/// cluster, and goes on when the silo of its coordinator is lost.
/// </summary>
[Alias("recsys.training")]
public interface ITrainingCoordinatorGrain : IGrainWithStringKey
{
    /// <summary>Begins the training. For the same request again, tells how it stands.</summary>
    /// <exception cref="Engine.InvalidOptionException">Unknown algorithm or option, or the id is taken by another request.</exception>
    /// <exception cref="Engine.Data.UnknownIdException">There is no such data set.</exception>
    [Alias("start")]
    Task<ClusterTrainingStatus> StartAsync(ClusterTrainingRequest request);

    /// <summary>How it stands; null when there is no such training.</summary>
    [Alias("status")]
    [AlwaysInterleave]
    Task<ClusterTrainingStatus?> GetStatusAsync();

    /// <summary>The status now and after each change until it has ended; fast changes are merged. Nothing when there is no such training.</summary>
    [Alias("watch")]
    [AlwaysInterleave]
    IAsyncEnumerable<ClusterTrainingStatus> WatchAsync(CancellationToken cancellationToken = default);

    /// <summary>The Gram matrix that the half-epoch <paramref name="phase"/> holds fixed; null where that is not the one being run.</summary>
    [Alias("gram")]
    [AlwaysInterleave]
    Task<GramMatrix?> GetGramAsync(int phase);

    /// <summary>Stops it and forgets what it computed; without effect on one that has ended. Null when there is no such training.</summary>
    [Alias("cancel")]
    Task<ClusterTrainingStatus?> CancelAsync();
}
