using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Orleans.Hosting;
using Orleans.Runtime.Hosting;
using Recsys.Grains.Placement;
using Recsys.Grains.Wire;

namespace Recsys.Grains.Training;

/// <summary>Registration of training.</summary>
public static class TrainingSiloExtensions
{
    /// <summary>
    /// Lets a silo take part in trainings. The host registers an <see cref="Engine.Storage.IBlobStore"/> that all silos share,
    /// and a reminder service.
    /// </summary>
    public static ISiloBuilder AddRecsysTraining(this ISiloBuilder silo, Action<RecsysTrainingOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(silo);
        var options = new RecsysTrainingOptions();
        configure?.Invoke(options);
        silo.Services.AddSingleton(options);
        silo.Services.AddSingleton<TrainingSite>();
        silo.Services.AddSingleton<JobServices>();
        silo.Services.TryAddSingleton<TrainingHooks>();
        silo.AddPlacementDirector<SpreadPlacement, SpreadPlacementDirector>();
        silo.Services.AddRecsysWire();
        return silo;
    }
}
