using System.Buffers;
using System.IO.Pipelines;
using System.Text.Encodings.Web;
using System.Text.Json;
using Recsys.Api.Contract;
using Recsys.Api.Hosting;
using Recsys.Api.Security;
using Recsys.Engine.Serving;

namespace Recsys.Api.Endpoints;

/// <summary>Export and import of what the service knows, one JSON object a line.</summary>
internal sealed class TransferEndpoints(ServiceContext service)
{
    private const string Tag = "transfer";
    private const int FlushBytes = 64 << 10;
    private const int ImportBatch = 500;

    private static readonly JsonWriterOptions Options = new() { SkipValidation = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public IEnumerable<ApiRoute> Routes() =>
    [
        new(HttpMethods.Get, "/api/v1/export/events", Tag, Access.Admin, "All histories, as events", ExportEventsAsync)
        {
            Operation = "exportEvents",
            Streams = true,
            Reply = ApiJson.Default.EventBody,
            ReplyType = LineReader.MediaType,
            Errors = [(501, "The service cannot.")],
            Description = "What POST /api/v1/events/stream takes: a click or a dislike a pair, with its weight as value.",
        },
        new(HttpMethods.Get, "/api/v1/export/items", Tag, Access.Admin, "All items that are described", ExportItemsAsync)
        {
            Operation = "exportItems",
            Streams = true,
            Reply = ApiJson.Default.ItemBody,
            ReplyType = LineReader.MediaType,
            Errors = [(501, "The service cannot.")],
        },
        new(HttpMethods.Post, "/api/v1/import/items", Tag, Access.Write, "Adds or replaces items, one JSON object a line", ImportItemsAsync)
        {
            Operation = "importItems",
            Body = ApiJson.Default.ItemBody,
            BodyType = LineReader.MediaType,
            Streams = true,
            Reply = ApiJson.Default.ImportReply,
            Errors = [(501, "The service has no store.")],
            Description = "A line that is not valid ends the import with 400; the lines before it are imported.",
        },
    ];

    private async Task ExportEventsAsync(HttpContext context)
    {
        var source = service.Parts.Histories ?? throw ApiException.NotImplemented("this service cannot export histories");
        var data = await source.GetHistoriesAsync(context.RequestAborted).ConfigureAwait(false);
        var output = Begin(context);
        await using var json = new Utf8JsonWriter(output, Options);
        for (int user = 0; user < data.Users.Count; user++)
        {
            Write(user);
            if (json.BytesPending + output.UnflushedBytes > FlushBytes)
            {
                await output.FlushAsync(context.RequestAborted).ConfigureAwait(false);
            }
        }

        await output.FlushAsync(context.RequestAborted).ConfigureAwait(false);

        void Write(int user)
        {
            var items = data.Interactions.Row(user);
            var weights = data.Interactions.RowValues(user);
            for (int e = 0; e < items.Length; e++)
            {
                float weight = weights.IsEmpty ? 1 : weights[e];
                json.WriteStartObject();
                json.WriteString("user"u8, data.Users.Utf8(user));
                json.WriteString("item"u8, data.Items.Utf8(items[e]));
                json.WriteString("kind"u8, weight < 0 ? "dislike"u8 : "click"u8);
                json.WriteNumber("value"u8, Math.Abs(weight));
                json.WriteEndObject();
                EndLine(json, output);
            }
        }
    }

    private async Task ExportItemsAsync(HttpContext context)
    {
        var items = service.Parts.Catalogue ?? throw ApiException.NotImplemented("this service cannot export items");
        var output = Begin(context);
        await using var json = new Utf8JsonWriter(output, Options);
        foreach (var item in items.All)
        {
            var body = new ItemBody { Id = item.Id, Name = item.Name, Categories = item.Categories, Available = item.Available, Features = item.Features };
            JsonSerializer.Serialize(json, body, ApiJson.Default.ItemBody);
            EndLine(json, output);
            if (output.UnflushedBytes > FlushBytes)
            {
                await output.FlushAsync(context.RequestAborted).ConfigureAwait(false);
            }
        }

        await output.FlushAsync(context.RequestAborted).ConfigureAwait(false);
    }

    private async Task ImportItemsAsync(HttpContext context)
    {
        var writer = service.Parts.Items ?? throw ApiException.NotImplemented("this service has no store of items; start it with --data DIR");
        BodyReader.CheckType(context.Request, LineReader.MediaType);
        EventEndpoints.Unbound(context, service.Options.MaxStreamBytes);
        long imported = 0;
        try
        {
            await LineReader.ReadAsync(context, ApiJson.Default.ItemBody, ImportBatch, async (bodies, first) =>
            {
                ItemUpdate[] updates = [.. bodies.Select(b => CatalogueEndpoints.ToUpdate(b, null))];
                await writer.UpsertAsync(updates, context.RequestAborted).ConfigureAwait(false);
                imported += updates.Length;
            }).ConfigureAwait(false);
        }
        catch (ApiException e) when (e.Status == StatusCodes.Status400BadRequest)
        {
            throw ApiException.BadRequest($"{e.Message}; {imported} items before it are imported");
        }

        await JsonAnswer.SendAsync(context, new ImportReply(imported), ApiJson.Default.ImportReply).ConfigureAwait(false);
    }

    private static PipeWriter Begin(HttpContext context)
    {
        context.Response.ContentType = LineReader.MediaType;
        return context.Response.BodyWriter;
    }

    private static void EndLine(Utf8JsonWriter json, PipeWriter output)
    {
        json.Flush();
        json.Reset();
        output.Write("\n"u8);
    }
}
