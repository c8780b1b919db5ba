namespace Recsys.Engine.Serving;

/// <summary>Training beside serving.</summary>
public interface ITrainingJobs
{
    /// <summary>Asks for a model to be trained; returns at once.</summary>
    /// <exception cref="InvalidOptionException">Unknown algorithm or option, or it would take more memory than there is.</exception>
    ValueTask<TrainingStatus> StartAsync(TrainingRequest request, CancellationToken cancellationToken = default);

    /// <summary>The jobs since the service started, the latest first.</summary>
    ValueTask<IReadOnlyList<TrainingStatus>> ListAsync(CancellationToken cancellationToken = default);

    /// <summary>A job, or null.</summary>
    ValueTask<TrainingStatus?> GetAsync(string id, CancellationToken cancellationToken = default);

    /// <summary>
    /// A job's status now and after each change until it has ended; changes that follow each other fast are merged.
    /// </summary>
    /// <exception cref="Data.UnknownIdException">There is no such job.</exception>
    IAsyncEnumerable<TrainingStatus> WatchAsync(string id, CancellationToken cancellationToken = default);

    /// <summary>Asks a job to stop, and returns its status; without effect on one that has ended.</summary>
    /// <exception cref="Data.UnknownIdException">There is no such job.</exception>
    ValueTask<TrainingStatus> CancelAsync(string id, CancellationToken cancellationToken = default);
}
