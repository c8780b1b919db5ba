using Recsys.Api.Contract;
using Recsys.Api.Hosting;
using Recsys.Api.Metrics;
using Recsys.Api.Security;
using Recsys.Engine;
using Recsys.Engine.Serving;

namespace Recsys.Api.Endpoints;

/// <summary>Health, status and metrics.</summary>
internal sealed class StatusEndpoints(ServiceContext service)
{
    private const string Tag = "status";

    public IEnumerable<ApiRoute> Routes() =>
    [
        new(HttpMethods.Get, "/api/v1/status", Tag, Access.Read, "The live model, counts, rates and latencies", StatusAsync)
        {
            Operation = "status",
            Reply = ApiJson.Default.StatusReply,
        },
        new(HttpMethods.Get, "/health/live", Tag, Access.None, "Whether the process answers", LiveAsync)
        {
            Operation = "live",
            Reply = ApiJson.Default.HealthReply,
        },
        new(HttpMethods.Get, "/health/ready", Tag, Access.None, "Whether requests can be answered", ReadyAsync)
        {
            Operation = "ready",
            Reply = ApiJson.Default.HealthReply,
            Errors = [(503, "Not yet.")],
        },
        new(HttpMethods.Get, "/metrics", Tag, Access.Read, "Counters in Prometheus' text format", MetricsAsync)
        {
            Operation = "metrics",
            ReplyType = "text/plain",
        },
    ];

    private bool IsReady => service.Parts.Ready?.Invoke() ?? true;

    private Task LiveAsync(HttpContext context) => JsonAnswer.SendAsync(context, new HealthReply("live"), ApiJson.Default.HealthReply);

    private Task ReadyAsync(HttpContext context) => IsReady
        ? JsonAnswer.SendAsync(context, new HealthReply("ready"), ApiJson.Default.HealthReply)
        : JsonAnswer.SendAsync(context, new HealthReply("starting"), ApiJson.Default.HealthReply, StatusCodes.Status503ServiceUnavailable);

    private async Task StatusAsync(HttpContext context)
    {
        var status = await service.Parts.Recommender.GetStatusAsync(context.RequestAborted).ConfigureAwait(false);
        var metrics = service.Metrics;
        var traffic = new TrafficReply(
            metrics.Uptime,
            metrics.RequestCount,
            metrics.EventsAccepted,
            metrics.Events.PerSecond(),
            metrics.Requests.PerSecond(),
            ToReply(metrics.Recommendations.LastMinute()),
            ToReply(metrics.Ingest.LastMinute()));
        await JsonAnswer.SendAsync(
            context,
            new StatusReply(
                status.Model,
                status.Version,
                status.Kind,
                status.Users,
                status.Items,
                status.Interactions,
                service.Parts.Events is not null,
                [.. service.Parts.Events?.Kinds ?? []],
                service.Parts.Training is not null,
                traffic),
            ApiJson.Default.StatusReply).ConfigureAwait(false);
    }

    private async Task MetricsAsync(HttpContext context)
    {
        RecommenderStatus? status = null;
        try
        {
            status = await service.Parts.Recommender.GetStatusAsync(context.RequestAborted).ConfigureAwait(false);
        }
        catch (InvalidOptionException)
        {
            // No model yet: the other figures are still of use.
        }

        context.Response.ContentType = "text/plain; version=0.0.4; charset=utf-8";
        await context.Response.WriteAsync(service.Metrics.ToPrometheus(status) + service.Parts.Metrics?.Invoke(), context.RequestAborted).ConfigureAwait(false);
    }

    private static LatencyReply ToReply(LatencyHistogram latency) => new(
        latency.Count,
        latency.Quantile(0.5) / 1000,
        latency.Quantile(0.9) / 1000,
        latency.Quantile(0.99) / 1000,
        latency.Max / 1000.0);
}
