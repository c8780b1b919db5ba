using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.DependencyInjection;

namespace Recsys.Grains.Transport;

/// <summary>Adds the transport.</summary>
internal static class TransportExtensions
{
    /// <summary>
    /// Lets Orleans connect through <see cref="TcpConnection"/>. Its own connections are services under keys that are not public, bare
    /// objects, so that each is replaced where it stands; for after everything that adds Orleans' services.
    /// </summary>
    public static IServiceCollection UseRecsysTransport(this IServiceCollection services)
    {
        for (int i = 0; i < services.Count; i++)
        {
            var service = services[i];
            if (service.ServiceKey?.GetType() == typeof(object) && Replacement(service.ServiceType) is { } type)
            {
                services[i] = ServiceDescriptor.KeyedSingleton(service.ServiceType, service.ServiceKey, type);
            }
        }

        return services;
    }

    private static Type? Replacement(Type service) =>
        service == typeof(IConnectionFactory) ? typeof(TcpConnectionFactory)
        : service == typeof(IConnectionListenerFactory) ? typeof(TcpListenerFactory)
        : null;
}
