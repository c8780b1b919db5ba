using Microsoft.Extensions.DependencyInjection;

namespace Recsys.Client;

internal static class ClusterFaces
{
    public static void Add(IServiceCollection services)
    {
    }
}
