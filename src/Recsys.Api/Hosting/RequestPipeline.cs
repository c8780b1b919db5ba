using System.Diagnostics;
using Recsys.Api.Metrics;
using Recsys.Engine;
using Recsys.Engine.Data;

namespace Recsys.Api.Hosting;

/// <summary>
/// The outermost step of a request: headers, errors as problem+json, counters and the log. Nothing that a caller sees
/// comes from an exception the program did not expect, and nothing that is logged says who the request was about.
/// </summary>
internal sealed partial class RequestPipeline(ServiceContext service, ILogger logger)
{
    private const int ClientClosed = 499;
    private readonly RouteMetrics _unmatched = service.Metrics.AddRoute("", "unmatched");

    public async Task InvokeAsync(HttpContext context, RequestDelegate next)
    {
        long began = Stopwatch.GetTimestamp();
        service.Metrics.Began();
        SecurityHeaders.Apply(context.Response);
        int status;
        try
        {
            await next(context).ConfigureAwait(false);
            status = context.Response.StatusCode;
            if (status >= 400 && !context.Response.HasStarted && context.Response.ContentLength is null)
            {
                await Problem.WriteAsync(context, status, Explain(context, status)).ConfigureAwait(false);
            }
        }
        catch (Exception e)
        {
            status = await AnswerAsync(context, e).ConfigureAwait(false);
        }
        finally
        {
            service.Metrics.Ended();
        }

        long microseconds = (long)Stopwatch.GetElapsedTime(began).TotalMicroseconds;
        var route = context.GetEndpoint()?.Metadata.GetMetadata<RouteMetrics>() ?? _unmatched;
        route.Count(status, microseconds);
        route.Rolling?.Add(microseconds);
        service.Metrics.Requests.Add(microseconds);
        if (service.Options.LogRequests)
        {
            LogRequest(context.Request.Method, route.Pattern, status, microseconds / 1000.0);
        }
    }

    private static string Explain(HttpContext context, int status) => status switch
    {
        StatusCodes.Status404NotFound => "there is nothing at this address",
        StatusCodes.Status405MethodNotAllowed => $"this address takes {context.Response.Headers.Allow}",
        StatusCodes.Status429TooManyRequests => "too many requests: wait a second",
        StatusCodes.Status504GatewayTimeout => "the request took too long",
        _ => "the request cannot be answered",
    };

    private async Task<int> AnswerAsync(HttpContext context, Exception error)
    {
        if (context.RequestAborted.IsCancellationRequested && error is OperationCanceledException or IOException)
        {
            return ClientClosed;
        }

        var (status, detail) = error switch
        {
            ApiException e => (e.Status, e.Message),
            BadHttpRequestException e => (e.StatusCode, e.StatusCode == StatusCodes.Status413PayloadTooLarge ? "the body is too large" : "the request is malformed"),
            InvalidOptionException e => (StatusCodes.Status400BadRequest, e.Message),
            UnknownIdException e => (StatusCodes.Status404NotFound, e.Message),
            RecsysException e => (StatusCodes.Status409Conflict, e.Message),
            OperationCanceledException => (StatusCodes.Status503ServiceUnavailable, "the service is stopping"),
            _ => (StatusCodes.Status500InternalServerError, "internal error"),
        };
        if (status == StatusCodes.Status500InternalServerError)
        {
            string route = context.GetEndpoint()?.Metadata.GetMetadata<RouteMetrics>()?.Pattern ?? "unmatched";
            LogFailure(context.Request.Method, route, error);
        }

        try
        {
            await Problem.WriteAsync(context, status, detail).ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or OperationCanceledException)
        {
            return ClientClosed;
        }

        return status;
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "{Method} {Route} {Status} {Milliseconds:F2} ms")]
    private partial void LogRequest(string method, string route, int status, double milliseconds);

    [LoggerMessage(Level = LogLevel.Error, Message = "{Method} {Route} failed")]
    private partial void LogFailure(string method, string route, Exception error);
}
