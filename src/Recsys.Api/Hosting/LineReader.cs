using System.Buffers;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Recsys.Api.Hosting;

/// <summary>Reads a body of JSON objects, one a line (NDJSON); empty lines are passed over.</summary>
internal static class LineReader
{
    public const string MediaType = "application/x-ndjson";
    private const int MostLineBytes = 64 << 10;

    /// <summary>Calls back with batches of lines in order; a line that is not valid ends the reading after the batches before it.</summary>
    /// <param name="context">The request.</param>
    /// <param name="type">Type of a line.</param>
    /// <param name="batch">Lines in a batch at most.</param>
    /// <param name="take">Takes the objects of a batch and the number of its first line.</param>
    public static async Task ReadAsync<T>(HttpContext context, JsonTypeInfo<T> type, int batch, Func<IReadOnlyList<T>, long, Task> take)
    {
        var reader = context.Request.BodyReader;
        var objects = new List<T>(batch);
        long line = 0;
        long first = 1;
        while (true)
        {
            var read = await reader.ReadAsync(context.RequestAborted).ConfigureAwait(false);
            var buffer = read.Buffer;
            ApiException? error = null;
            while (error is null && TryTakeLine(ref buffer, read.IsCompleted, out var text))
            {
                line++;
                error = Parse(text, type, line, objects);
                if (objects.Count == batch && error is null)
                {
                    await take(objects, first).ConfigureAwait(false);
                    objects.Clear();
                    first = line + 1;
                }
            }

            error ??= buffer.Length > MostLineBytes ? ApiException.BadRequest($"line {line + 1}: longer than {MostLineBytes} bytes") : null;
            reader.AdvanceTo(buffer.Start, buffer.End);
            if (error is not null || read.IsCompleted)
            {
                if (objects.Count > 0)
                {
                    await take(objects, first).ConfigureAwait(false);
                }

                if (error is not null)
                {
                    throw error;
                }

                return;
            }
        }
    }

    private static bool TryTakeLine(ref ReadOnlySequence<byte> buffer, bool last, out ReadOnlySequence<byte> line)
    {
        if (buffer.PositionOf((byte)'\n') is { } end)
        {
            line = buffer.Slice(0, end);
            buffer = buffer.Slice(buffer.GetPosition(1, end));
            return true;
        }

        line = buffer;
        if (last && buffer.Length > 0)
        {
            buffer = buffer.Slice(buffer.End);
            return true;
        }

        return false;
    }

    private static ApiException? Parse<T>(ReadOnlySequence<byte> text, JsonTypeInfo<T> type, long line, List<T> objects)
    {
        if (text.Length > MostLineBytes)
        {
            return ApiException.BadRequest($"line {line}: longer than {MostLineBytes} bytes");
        }

        if (IsBlank(text))
        {
            return null;
        }

        try
        {
            var json = new Utf8JsonReader(text);
            var value = JsonSerializer.Deserialize(ref json, type);
            if (value is null || json.Read())
            {
                return ApiException.BadRequest($"line {line}: expected one object");
            }

            objects.Add(value);
            return null;
        }
        catch (JsonException e)
        {
            return ApiException.BadRequest(BodyReader.Describe(e, $"line {line}"));
        }
    }

    private static bool IsBlank(ReadOnlySequence<byte> text)
    {
        foreach (var part in text)
        {
            if (part.Span.ContainsAnyExcept((byte)' ', (byte)'\t', (byte)'\r'))
            {
                return false;
            }
        }

        return true;
    }
}
