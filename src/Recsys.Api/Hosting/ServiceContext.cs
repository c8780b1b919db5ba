using Recsys.Api.Metrics;

namespace Recsys.Api.Hosting;

/// <summary>What the endpoints share.</summary>
internal sealed record ServiceContext(ServiceParts Parts, ServiceOptions Options, ServiceMetrics Metrics, TimeProvider Time)
{
    /// <summary>Set when the service stops: ends streams that would go on.</summary>
    public CancellationToken Stopping { get; set; }
}
