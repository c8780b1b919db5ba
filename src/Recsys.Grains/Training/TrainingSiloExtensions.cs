using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Orleans.Hosting;
using Orleans.Runtime.Hosting;
using Orleans.Serialization;
using Recsys.Grains.Placement;

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
        silo.Services.Configure<ExceptionSerializationOptions>(o => o.SupportedNamespacePrefixes.Add("Recsys"));
        return silo;
    }

    /// <summary>Lets a client understand the errors of trainings.</summary>
    public static IServiceCollection AddRecsysTrainingClient(this IServiceCollection services) =>
        services.Configure<ExceptionSerializationOptions>(o => o.SupportedNamespacePrefixes.Add("Recsys"));
}
