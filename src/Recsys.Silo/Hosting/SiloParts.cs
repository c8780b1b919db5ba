using Microsoft.Extensions.DependencyInjection;
using Orleans.Runtime;
using Recsys.Api;
using Recsys.Engine.Serving.Distributed;
using Recsys.Grains.Jobs;
using Recsys.Grains.Serving;

namespace Recsys.Silo.Hosting;

/// <summary>What stands behind the HTTP service of a silo: the cluster.</summary>
internal static class SiloParts
{
    public static ServiceParts Create(IServiceProvider services, Readiness readiness)
    {
        var oracle = services.GetRequiredService<ISiloStatusOracle>();
        var grains = services.GetRequiredService<IGrainFactory>();
        var options = services.GetRequiredService<RecsysServingOptions>();
        var recommender = new ClusterRecommender(grains);
        var events = new ClusterIngest(grains, options.ToSettings());
        return new ServiceParts(recommender)
        {
            Onboarding = recommender,
            Events = events,
            Items = recommender,
            Forget = recommender,
            Models = recommender,
            Histories = events,
            Training = new ClusterTrainingJobs(grains),
            Catalogue = services.GetRequiredService<ServingNode>().Catalogue.Items,
            Ready = () => readiness.IsReady(oracle),
            Metrics = services.GetRequiredService<MeterText>().Write,
        };
    }
}
