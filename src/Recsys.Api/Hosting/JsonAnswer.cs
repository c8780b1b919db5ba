using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Recsys.Api.Hosting;

/// <summary>Writes JSON answers from memory that each thread keeps.</summary>
internal static class JsonAnswer
{
    public const string ContentType = "application/json; charset=utf-8";
    private const int KeepBytes = 1 << 20;

    // Not for embedding in HTML: answers are JSON by their type, and sniffing is forbidden.
    private static readonly JsonWriterOptions Options = new() { SkipValidation = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    [ThreadStatic]
    private static ArrayBufferWriter<byte>? _buffer;

    [ThreadStatic]
    private static Utf8JsonWriter? _writer;

    public delegate void Write<TState>(Utf8JsonWriter writer, TState state)
        where TState : allows ref struct;

    /// <summary>Answers with an object of a known type.</summary>
    public static Task SendAsync<T>(HttpContext context, T value, JsonTypeInfo<T> type, int status = StatusCodes.Status200OK) =>
        SendAsync(context, (value, type), static (writer, state) => JsonSerializer.Serialize(writer, state.value, state.type), status);

    /// <summary>An object of a known type as UTF-8.</summary>
    public static byte[] ToUtf8<T>(T value, JsonTypeInfo<T> type)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(buffer, Options))
        {
            JsonSerializer.Serialize(writer, value, type);
        }

        return buffer.WrittenSpan.ToArray();
    }

    /// <summary>Answers with what <paramref name="write"/> writes.</summary>
    public static Task SendAsync<TState>(HttpContext context, TState state, Write<TState> write, int status = StatusCodes.Status200OK)
    {
        var buffer = _buffer ??= new ArrayBufferWriter<byte>(16 << 10);
        var writer = _writer ??= new Utf8JsonWriter(buffer, Options);
        buffer.ResetWrittenCount();
        writer.Reset(buffer);
        try
        {
            write(writer, state);
            writer.Flush();
        }
        catch
        {
            _writer = null;
            throw;
        }

        var response = context.Response;
        response.StatusCode = status;
        response.ContentType = ContentType;
        response.ContentLength = buffer.WrittenCount;
        response.BodyWriter.Write(buffer.WrittenSpan);
        if (buffer.Capacity > KeepBytes)
        {
            _buffer = null;
            _writer = null;
        }

        var flushed = response.BodyWriter.FlushAsync(context.RequestAborted);
        return flushed.IsCompletedSuccessfully ? Task.CompletedTask : flushed.AsTask();
    }
}
