using Microsoft.Extensions.DependencyInjection;
using Orleans.Serialization;

namespace Recsys.Grains.Wire;

/// <summary>Registration of how things travel.</summary>
public static class WireExtensions
{
    /// <summary>What silos and clients need to understand each other: errors arrive as the errors they are.</summary>
    public static IServiceCollection AddRecsysWire(this IServiceCollection services) =>
        services.Configure<ExceptionSerializationOptions>(o =>
        {
            o.SupportedNamespacePrefixes.Add("Recsys");

            // The cause of an error of ours, where the database is away; an error whose cause cannot travel does not arrive at all.
            o.SupportedNamespacePrefixes.Add("Npgsql");
        });
}
