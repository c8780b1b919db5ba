using Recsys.Grains.Training;

namespace Recsys.Grains.Serving;

/// <summary>Brings models that the cluster has trained before the one who decides which versions answer.</summary>
internal sealed class ServingTrainedModels(IGrainFactory grains) : ITrainedModelObserver
{
    public async Task TrainedAsync(string model, string version, bool activate, CancellationToken cancellationToken) =>
        await grains.GetGrain<IServingDirectoryGrain>(0).AddedAsync(model, version, activate).WaitAsync(cancellationToken).ConfigureAwait(false);
}
