using Microsoft.AspNetCore.Routing;

namespace Recsys.Api;

/// <summary>What a program runs in the same host as the service, e.g. a silo.</summary>
/// <param name="Parts">What stands behind the endpoints, out of the services of the host.</param>
public sealed record ServiceHosting(Func<IServiceProvider, ServiceParts> Parts)
{
    /// <summary>Adds to the host before it is built. What is hosted starts before the service listens, and stops after it.</summary>
    public Action<WebApplicationBuilder>? Configure { get; init; }

    /// <summary>
    /// Path below which <see cref="MapAdmin"/> maps, e.g. "/dashboard": all of it needs a key with admin access, as
    /// bearer token or as the password a browser asks for.
    /// </summary>
    public string? AdminPrefix { get; init; }

    /// <summary>Maps further endpoints, all below <see cref="AdminPrefix"/>.</summary>
    public Action<IEndpointRouteBuilder>? MapAdmin { get; init; }
}
