using Microsoft.Extensions.DependencyInjection;
using Recsys.Client.Calls;
using Recsys.Engine.Serving;
using Recsys.Grains.Jobs;
using Recsys.Grains.Serving;
using Recsys.Grains.Wire;

namespace Recsys.Client;

/// <summary>The faces of a cluster, each call repeated where that is safe.</summary>
internal static class ClusterFaces
{
    public static void Add(IServiceCollection services)
    {
        services.AddRecsysWire();
        services.AddSingleton(s => new ClusterRecommender(s.GetRequiredService<IClusterClient>()));
        services.AddSingleton(s => new RetryingRecommender(s.GetRequiredService<ClusterRecommender>(), s.GetRequiredService<CallRetry>()));
        services.AddSingleton<IRecommender>(s => s.GetRequiredService<RetryingRecommender>());
        services.AddSingleton<IOnboarding>(s => s.GetRequiredService<RetryingRecommender>());
        services.AddSingleton<ITrainingJobs>(s => new ClusterTrainingJobs(s.GetRequiredService<IClusterClient>()));
        services.AddSingleton<IModelVersions>(s => s.GetRequiredService<ClusterRecommender>());
        services.AddSingleton<IItemWriter>(s => s.GetRequiredService<ClusterRecommender>());
        services.AddSingleton<IUserForget>(s => s.GetRequiredService<ClusterRecommender>());
        services.AddSingleton<ConnectedCluster>();
        services.AddHostedService(s => s.GetRequiredService<ConnectedCluster>());
        services.AddSingleton<IEventIngest>(s => new RetryingIngest(s.GetRequiredService<ConnectedCluster>().Ingest, s.GetRequiredService<CallRetry>()));
        services.AddSingleton<IHistories>(s => s.GetRequiredService<ConnectedCluster>().Ingest);
    }
}
