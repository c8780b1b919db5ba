namespace Recsys.Grains.Training;

/// <summary>Told when the cluster has trained a model: serving brings it up. All that are registered are told, by the coordinator.</summary>
public interface ITrainedModelObserver
{
    /// <summary>A version is in the blob store. May be told more than once.</summary>
    /// <param name="model">The model's name.</param>
    /// <param name="version">Its version.</param>
    /// <param name="activate">Whether it is to answer at once.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    Task TrainedAsync(string model, string version, bool activate, CancellationToken cancellationToken);
}
