using Microsoft.Extensions.DependencyInjection;
using Orleans.Runtime;
using Recsys.Api;

namespace Recsys.Silo.Hosting;

/// <summary>What stands behind the HTTP service of a silo: the cluster.</summary>
internal static class SiloParts
{
    public static ServiceParts Create(IServiceProvider services, Readiness readiness)
    {
        var oracle = services.GetRequiredService<ISiloStatusOracle>();
        readiness.ModelsKnown();
        return new ServiceParts(new NoRecommender())
        {
            Ready = () => readiness.IsReady(oracle),
            Metrics = services.GetRequiredService<MeterText>().Write,
        };
    }
}
