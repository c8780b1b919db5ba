using Microsoft.AspNetCore.Http.Features;
using Recsys.Api.Contract;
using Recsys.Api.Hosting;
using Recsys.Api.Security;
using Recsys.Engine.Serving;

namespace Recsys.Api.Endpoints;

/// <summary>Accepting events: one, a batch, a stream. 202 is only said of what is durable.</summary>
internal sealed class EventEndpoints(ServiceContext service)
{
    private const string Tag = "events";
    private const int MostEvents = 10_000;
    private const int StreamBatch = 1000;
    private const float MostValue = 1e6f;

    private IEventIngest Ingest => service.Parts.Events
        ?? throw ApiException.NotImplemented("this service has no event store; start it with --data DIR");

    public IEnumerable<ApiRoute> Routes() =>
    [
        new(HttpMethods.Post, "/api/v1/events", Tag, Access.Write, "Accepts an event", OneAsync)
        {
            Operation = "sendEvent",
            Body = ApiJson.Default.EventBody,
            Success = StatusCodes.Status202Accepted,
            Reply = ApiJson.Default.EventReply,
            Errors = [(501, "The service has no event store.")],
            Description = "Answers when the event is durable. An event with an id that was accepted before changes nothing.",
        },
        new(HttpMethods.Post, "/api/v1/events/batch", Tag, Access.Write, "Accepts many events, all or none", BatchAsync)
        {
            Operation = "sendEvents",
            Body = ApiJson.Default.EventBatchBody,
            Success = StatusCodes.Status202Accepted,
            Reply = ApiJson.Default.EventBatchReply,
            Errors = [(501, "The service has no event store.")],
        },
        new(HttpMethods.Post, "/api/v1/events/stream", Tag, Access.Write, "Accepts a stream of events, one JSON object a line", StreamAsync)
        {
            Operation = "streamEvents",
            Body = ApiJson.Default.EventBody,
            BodyType = LineReader.MediaType,
            Streams = true,
            Success = StatusCodes.Status202Accepted,
            Reply = ApiJson.Default.EventBatchReply,
            Errors = [(501, "The service has no event store.")],
            Description = "A line that is not valid ends the stream with 400; the lines before it are accepted. Repeat from that line, or all of it with the same ids.",
        },
    ];

    private async Task OneAsync(HttpContext context)
    {
        var ingest = Ingest;
        var body = await BodyReader.ReadAsync(context, ApiJson.Default.EventBody).ConfigureAwait(false);
        var receipt = await AcceptAsync(ingest, new[] { ToEvent(body, "") }, context.RequestAborted).ConfigureAwait(false);
        await JsonAnswer.SendAsync(
            context,
            new EventReply(receipt.Ids[0], receipt.Duplicates > 0, receipt.Position),
            ApiJson.Default.EventReply,
            StatusCodes.Status202Accepted).ConfigureAwait(false);
    }

    private async Task BatchAsync(HttpContext context)
    {
        var ingest = Ingest;
        var body = await BodyReader.ReadAsync(context, ApiJson.Default.EventBatchBody).ConfigureAwait(false);
        if (body.Events.Count is 0 or > MostEvents)
        {
            throw ApiException.BadRequest($"events: expected 1 to {MostEvents}, found {body.Events.Count}");
        }

        var events = new IncomingEvent[body.Events.Count];
        for (int i = 0; i < events.Length; i++)
        {
            events[i] = ToEvent(body.Events[i] ?? throw ApiException.BadRequest($"events[{i}]: expected an object, found null"), $"events[{i}].");
        }

        var receipt = await AcceptAsync(ingest, events, context.RequestAborted).ConfigureAwait(false);
        await JsonAnswer.SendAsync(
            context,
            new EventBatchReply(receipt.Accepted, receipt.Duplicates, receipt.Position, receipt.Ids),
            ApiJson.Default.EventBatchReply,
            StatusCodes.Status202Accepted).ConfigureAwait(false);
    }

    private async Task StreamAsync(HttpContext context)
    {
        var ingest = Ingest;
        BodyReader.CheckType(context.Request, LineReader.MediaType);
        Unbound(context, service.Options.MaxStreamBytes);
        long accepted = 0, duplicates = 0, position = 0;
        try
        {
            await LineReader.ReadAsync(context, ApiJson.Default.EventBody, StreamBatch, async (bodies, first) =>
            {
                var events = new IncomingEvent[bodies.Count];
                for (int i = 0; i < events.Length; i++)
                {
                    events[i] = ToEvent(bodies[i], $"event {i + 1} from line {first}: ");
                }

                var receipt = await AcceptAsync(ingest, events, context.RequestAborted).ConfigureAwait(false);
                accepted += receipt.Accepted;
                duplicates += receipt.Duplicates;
                position = receipt.Position;
            }).ConfigureAwait(false);
        }
        catch (Exception e) when (e is ApiException { Status: 400 } or Recsys.Engine.InvalidOptionException)
        {
            throw ApiException.BadRequest($"{e.Message}; {accepted + duplicates} events before it are accepted");
        }

        await JsonAnswer.SendAsync(
            context,
            new EventBatchReply(accepted, duplicates, position),
            ApiJson.Default.EventBatchReply,
            StatusCodes.Status202Accepted).ConfigureAwait(false);
    }

    internal static void Unbound(HttpContext context, long mostBytes)
    {
        var limit = context.Features.Get<IHttpMaxRequestBodySizeFeature>();
        if (limit is { IsReadOnly: false })
        {
            limit.MaxRequestBodySize = mostBytes;
        }
    }

    private async ValueTask<IngestReceipt> AcceptAsync(IEventIngest ingest, IncomingEvent[] events, CancellationToken cancellationToken)
    {
        var receipt = await ingest.AcceptAsync(events, cancellationToken).ConfigureAwait(false);
        service.Metrics.CountEvents(receipt.Accepted, receipt.Duplicates);
        return receipt;
    }

    private IncomingEvent ToEvent(EventBody body, string at)
    {
        Texts.CheckId(body.User, at + "user");
        Texts.CheckId(body.Item, at + "item");
        if (body.Id is not null)
        {
            Texts.CheckId(body.Id, at + "id");
        }

        if (!Ingest.Kinds.Contains(body.Kind))
        {
            Texts.Check(body.Kind, at + "kind");
            throw ApiException.BadRequest($"{at}kind: expected one of {string.Join(", ", Ingest.Kinds)}, found '{body.Kind}'");
        }

        if (body.Value is { } value && !(Math.Abs(value) <= MostValue))
        {
            throw ApiException.BadRequest($"{at}value: expected a number from -1000000 to 1000000");
        }

        if (body.Time is { } time && (time.Year < 1970 || time > service.Time.GetUtcNow().AddDays(1)))
        {
            throw ApiException.BadRequest($"{at}time: expected a time from 1970 to now");
        }

        return new IncomingEvent(body.User, body.Item, body.Kind, body.Id, body.Value, body.Time);
    }
}
