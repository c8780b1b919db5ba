using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Recsys.Client;
using Recsys.Grains.Transport;

namespace Recsys.Cluster.Tests.Transport;

public sealed class TransportExtensionsTests
{
    [Fact]
    public void A_silo_connects_and_listens_through_the_transport_for_silos_and_for_clients()
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.UseOrleans(silo =>
        {
            silo.UseLocalhostClustering();
            silo.Services.UseRecsysTransport();
        });
        Assert.Equal([typeof(TcpConnectionFactory), typeof(TcpListenerFactory), typeof(TcpListenerFactory)], Transports(builder.Services));
    }

    [Fact]
    public void A_client_connects_through_the_transport() =>
        Assert.Equal([typeof(TcpConnectionFactory)], Transports(new ServiceCollection().AddRecsysClient()));

    [Fact]
    public void All_other_services_are_left_as_they_were()
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Services.AddSingleton<IConnectionFactory, Foreign>();
        builder.Services.AddKeyedSingleton<IConnectionFactory, Foreign>("foreign");
        builder.UseOrleans(silo =>
        {
            silo.UseLocalhostClustering();
            ServiceDescriptor[] before = [.. silo.Services];
            silo.Services.UseRecsysTransport();
            Assert.Equal(before.Length, silo.Services.Count);
            Assert.Equal(3, before.Where((service, i) => !ReferenceEquals(service, silo.Services[i])).Count());
        });
        using var services = builder.Services.BuildServiceProvider();
        Assert.IsType<Foreign>(services.GetRequiredService<IConnectionFactory>());
        Assert.IsType<Foreign>(services.GetRequiredKeyedService<IConnectionFactory>("foreign"));
    }

    /// <summary>What the keys resolve to under which Orleans asks for its connections.</summary>
    private static Type[] Transports(IServiceCollection services)
    {
        var keys = services
            .Where(s => s.IsKeyedService && (s.ServiceType == typeof(IConnectionFactory) || s.ServiceType == typeof(IConnectionListenerFactory)))
            .Select(s => (s.ServiceType, s.ServiceKey))
            .ToArray();
        using var provider = services.BuildServiceProvider();
        return [.. keys.Select(k => provider.GetRequiredKeyedService(k.ServiceType, k.ServiceKey).GetType()).OrderBy(t => t.Name)];
    }

    private sealed class Foreign : IConnectionFactory
    {
        public ValueTask<ConnectionContext> ConnectAsync(System.Net.EndPoint endpoint, CancellationToken cancellationToken = default) => throw new NotSupportedException();
    }
}
