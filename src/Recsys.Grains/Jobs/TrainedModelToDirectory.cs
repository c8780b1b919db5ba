using Recsys.Grains.Serving;
using Recsys.Grains.Training;

namespace Recsys.Grains.Jobs;

/// <summary>A model that the cluster has trained becomes one it can serve.</summary>
internal sealed class TrainedModelToDirectory(IGrainFactory grains) : ITrainedModelObserver
{
    public Task TrainedAsync(string model, string version, bool activate, CancellationToken cancellationToken) =>
        grains.GetGrain<IServingDirectoryGrain>(0).AddedAsync(model, version, activate);
}
