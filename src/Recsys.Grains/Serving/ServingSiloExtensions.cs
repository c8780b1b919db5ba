using Microsoft.Extensions.DependencyInjection;
using Orleans.Configuration;
using Orleans.Hosting;
using Orleans.Runtime;
using Orleans.Runtime.Hosting;
using Recsys.Engine.Online.Partitioned;
using Recsys.Engine.Serving.Distributed;
using Recsys.Engine.Storage;
using Recsys.Grains.Placement;
using Recsys.Grains.Wire;

namespace Recsys.Grains.Serving;

/// <summary>Registration of serving and events.</summary>
public static class ServingSiloExtensions
{
    /// <summary>
    /// Lets a silo serve recommendations and take events. The host registers an <see cref="IBlobStore"/> and an
    /// <see cref="Engine.Storage.IEventJournals"/> that all silos share.
    /// </summary>
    public static ISiloBuilder AddRecsysServing(this ISiloBuilder silo, Action<RecsysServingOptions>? configure = null)
    {
        ArgumentNullException.ThrowIfNull(silo);
        var options = new RecsysServingOptions();
        configure?.Invoke(options);
        options.Validate();
        silo.Services.AddSingleton(options);
        silo.Services.AddSingleton<GrainShards>();
        silo.Services.AddSingleton(s => new ServingNode(
            s.GetRequiredService<IBlobStore>(), options.ModelFolder, options.ModelBytes, s.GetRequiredService<GrainShards>(), Live(options, s)));
        silo.Services.AddSingleton<PopularFallback>();
        silo.Services.AddSingleton<ServingFollower>();
        silo.Services.AddSingleton<ILifecycleParticipant<ISiloLifecycle>>(s => s.GetRequiredService<ServingFollower>());
        silo.Services.AddSingleton<LiveLmfFollower>();
        silo.Services.AddSingleton<ILifecycleParticipant<ISiloLifecycle>>(s => s.GetRequiredService<LiveLmfFollower>());
        silo.AddPlacementDirector<SpreadPlacement, SpreadPlacementDirector>();
        silo.Services.AddRecsysWire();
        return silo;
    }

    private static LiveItemFactors? Live(RecsysServingOptions options, IServiceProvider services) => options.Events.Lmf is null
        ? null
        : new LiveItemFactors(options.Events, GrainItemFactors.All(options, services.GetRequiredService<IGrainFactory>()));
}
