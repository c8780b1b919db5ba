using Microsoft.Extensions.DependencyInjection;
using Orleans.Hosting;
using Recsys.Grains.Training;

namespace Recsys.Grains.Jobs;

/// <summary>Registration of what joins training and serving.</summary>
public static class JobsSiloExtensions
{
    /// <summary>Lets trained models be served, and models be trained on the histories; after AddRecsysServing and AddRecsysTraining.</summary>
    public static ISiloBuilder AddRecsysJobs(this ISiloBuilder silo)
    {
        ArgumentNullException.ThrowIfNull(silo);
        silo.Services.AddSingleton<ITrainedModelObserver, TrainedModelToDirectory>();
        return silo;
    }
}
