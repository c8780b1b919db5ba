using System.Text.Json;
using System.Text.Json.Nodes;
using Recsys.Api.Contract;
using Recsys.Api.Hosting;
using Recsys.Api.Security;
using Recsys.Engine.Models;
using Recsys.Engine.Serving;

namespace Recsys.Api.Endpoints;

/// <summary>Training jobs: start, watch, cancel.</summary>
internal sealed class TrainingEndpoints(ServiceContext service)
{
    private const string Tag = "training";
    private const int JobSegment = 3;
    private const int MostOptions = 64;
    private static readonly TimeSpan KeepAlive = TimeSpan.FromSeconds(15);

    private ITrainingJobs Jobs => service.Parts.Training ?? throw ApiException.NotImplemented("this service does not train");

    public IEnumerable<ApiRoute> Routes() =>
    [
        new(HttpMethods.Get, "/api/v1/algorithms", Tag, Access.Read, "What can be trained, and its options", AlgorithmsAsync)
        {
            Operation = "listAlgorithms",
            Reply = ApiJson.Default.AlgorithmsReply,
        },
        new(HttpMethods.Post, "/api/v1/training", Tag, Access.Admin, "Starts a training job", StartAsync)
        {
            Operation = "startTraining",
            Body = ApiJson.Default.TrainingBody,
            Success = StatusCodes.Status202Accepted,
            Reply = ApiJson.Default.TrainingReply,
            Description = "Trains on what the service knows. Jobs run one after another.",
        },
        new(HttpMethods.Get, "/api/v1/training", Tag, Access.Read, "The jobs since the service started", ListAsync)
        {
            Operation = "listTraining",
            Reply = ApiJson.Default.TrainingsReply,
        },
        new(HttpMethods.Get, "/api/v1/training/{id}", Tag, Access.Read, "A job", GetAsync)
        {
            Operation = "getTraining",
            Reply = ApiJson.Default.TrainingReply,
            Errors = [(404, "There is no such job.")],
        },
        new(HttpMethods.Get, "/api/v1/training/{id}/events", Tag, Access.Read, "A job's progress as server-sent events", WatchAsync)
        {
            Operation = "watchTraining",
            Streams = true,
            Reply = ApiJson.Default.TrainingReply,
            ReplyType = "text/event-stream",
            Errors = [(404, "There is no such job.")],
            Description = "Each event \"progress\" brings the job as GET /api/v1/training/{id} does; the last one, \"end\", as it ended.",
        },
        new(HttpMethods.Delete, "/api/v1/training/{id}", Tag, Access.Admin, "Cancels a job", CancelAsync)
        {
            Operation = "cancelTraining",
            Reply = ApiJson.Default.TrainingReply,
            Errors = [(404, "There is no such job.")],
        },
    ];

    private Task AlgorithmsAsync(HttpContext context)
    {
        var algorithms = Algorithms.All.Select(a => new AlgorithmReply(
            a.Name, a.Summary, [.. a.Options.Select(o => new OptionReply(o.Name, o.Value, o.Summary))]));
        return JsonAnswer.SendAsync(context, new AlgorithmsReply([.. algorithms]), ApiJson.Default.AlgorithmsReply);
    }

    private async Task StartAsync(HttpContext context)
    {
        var jobs = Jobs;
        var body = await BodyReader.ReadAsync(context, ApiJson.Default.TrainingBody).ConfigureAwait(false);
        if (body.Options is { Count: > MostOptions })
        {
            throw ApiException.BadRequest($"options: more than {MostOptions}");
        }

        var options = body.Options is null ? OptionBag.Empty : OptionBag.FromJson(body.Options);
        foreach (var (name, value) in options.Values)
        {
            Texts.Check(name, "options");
            Texts.Check(value, "options");
        }

        var request = new TrainingRequest(body.Algorithm, options) { Model = body.Model, Activate = body.Activate, Evaluate = body.Evaluate };
        var status = await jobs.StartAsync(request, context.RequestAborted).ConfigureAwait(false);
        context.Response.Headers.Location = $"/api/v1/training/{status.Id}";
        await JsonAnswer.SendAsync(context, ToReply(status), ApiJson.Default.TrainingReply, StatusCodes.Status202Accepted).ConfigureAwait(false);
    }

    private async Task ListAsync(HttpContext context)
    {
        var jobs = await Jobs.ListAsync(context.RequestAborted).ConfigureAwait(false);
        await JsonAnswer.SendAsync(context, new TrainingsReply([.. jobs.Select(ToReply)]), ApiJson.Default.TrainingsReply).ConfigureAwait(false);
    }

    private async Task GetAsync(HttpContext context)
    {
        var status = await Jobs.GetAsync(PathId.Get(context, JobSegment), context.RequestAborted).ConfigureAwait(false)
            ?? throw ApiException.NotFound("there is no such training job");
        await JsonAnswer.SendAsync(context, ToReply(status), ApiJson.Default.TrainingReply).ConfigureAwait(false);
    }

    private async Task CancelAsync(HttpContext context)
    {
        var status = await Jobs.CancelAsync(PathId.Get(context, JobSegment), context.RequestAborted).ConfigureAwait(false);
        await JsonAnswer.SendAsync(context, ToReply(status), ApiJson.Default.TrainingReply).ConfigureAwait(false);
    }

    private async Task WatchAsync(HttpContext context)
    {
        var jobs = Jobs;
        string id = PathId.Get(context, JobSegment);
        _ = await jobs.GetAsync(id, context.RequestAborted).ConfigureAwait(false) ?? throw ApiException.NotFound("there is no such training job");
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, service.Stopping);
        context.Response.ContentType = "text/event-stream";
        await context.Response.StartAsync(ending.Token).ConfigureAwait(false);
        await using var statuses = jobs.WatchAsync(id, ending.Token).GetAsyncEnumerator(ending.Token);
        var next = statuses.MoveNextAsync().AsTask();
        try
        {
            while (true)
            {
                // A comment line now and then tells a client that has gone from one that waits.
                if (await Task.WhenAny(next, Task.Delay(KeepAlive, ending.Token)).ConfigureAwait(false) != next)
                {
                    ending.Token.ThrowIfCancellationRequested();
                    await context.Response.WriteAsync(": waiting\n\n", ending.Token).ConfigureAwait(false);
                    continue;
                }

                if (!await next.ConfigureAwait(false))
                {
                    return;
                }

                await SendAsync(context, statuses.Current, ending.Token).ConfigureAwait(false);
                next = statuses.MoveNextAsync().AsTask();
            }
        }
        catch (OperationCanceledException)
        {
            // The client has gone, or the service stops: the stream ends here.
            await next.ContinueWith(static _ => { }, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default)
                .ConfigureAwait(false);
        }
    }

    private static async Task SendAsync(HttpContext context, TrainingStatus status, CancellationToken cancellationToken)
    {
        string name = status.Ended ? "end" : "progress";
        string data = JsonSerializer.Serialize(ToReply(status), ApiJson.Default.TrainingReply);
        await context.Response.WriteAsync($"event: {name}\nid: {status.Revision}\ndata: {data}\n\n", cancellationToken).ConfigureAwait(false);
        await context.Response.Body.FlushAsync(cancellationToken).ConfigureAwait(false);
    }

    private static TrainingReply ToReply(TrainingStatus status)
    {
        var options = new JsonObject(status.Request.Options.Values.Select(o => KeyValuePair.Create(o.Key, (JsonNode?)JsonValue.Create(o.Value))));
        var progress = status.Progress is { } p
            ? new ProgressReply(p.Phase, p.Done, p.Total, p.Loss is { } loss && double.IsFinite(loss) ? loss : null, p.Detail)
            : null;
        return new TrainingReply(
            status.Id,
            status.Request.Algorithm,
            status.Request.Model ?? status.Request.Algorithm,
            options,
            status.Request.Activate,
            status.State,
            status.Revision,
            status.Started,
            status.Seconds,
            status.Losses,
            progress,
            status.Version,
            status.Error);
    }
}
