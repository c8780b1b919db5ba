using Orleans.Concurrency;
using Recsys.Grains.Training;

namespace Recsys.Grains.Jobs;

/// <summary>
/// The training jobs of a cluster, one after another, each on the histories as they stand when its turn comes (key 0).
/// A job is a training of its own (<see cref="ITrainingCoordinatorGrain"/>, by the job's id) once it has begun.
/// </summary>
[Alias("recsys.jobs")]
public interface ITrainingJobsGrain : IGrainWithIntegerKey
{
    /// <summary>Asks for a model; returns at once.</summary>
    /// <param name="request">The data set is left empty: it is made of the histories.</param>
    /// <exception cref="Engine.InvalidOptionException">Unknown algorithm or option, or too many jobs are waiting.</exception>
    [Alias("start")]
    Task<ClusterTrainingStatus> StartAsync(ClusterTrainingRequest request);

    /// <summary>The last jobs, the latest first.</summary>
    [Alias("list"), AlwaysInterleave]
    Task<IReadOnlyList<ClusterTrainingStatus>> ListAsync();

    /// <summary>A job, or null.</summary>
    [Alias("get"), AlwaysInterleave]
    Task<ClusterTrainingStatus?> GetAsync(string id);

    /// <summary>Asks a job to stop; null when there is no such job.</summary>
    [Alias("cancel")]
    Task<ClusterTrainingStatus?> CancelAsync(string id);

    /// <summary>Goes on with what is waiting, after the silo of this grain was lost.</summary>
    [Alias("wake"), AlwaysInterleave]
    Task WakeAsync();
}
