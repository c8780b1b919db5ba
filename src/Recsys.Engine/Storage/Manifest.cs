using System.Buffers;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Recsys.Engine.Storage;

/// <summary>
/// <c>manifest.json</c>: the facts of a model, its counts, and size and checksums of every other file. Its own last
/// line is the SHA-256 of everything before it, so that an altered manifest is refused too.
/// </summary>
internal sealed record Manifest(
    string EngineVersion,
    ModelFacts Facts,
    int Users,
    int Items,
    long Interactions,
    IReadOnlyDictionary<string, ChunkedFile> Files)
{
    public const string FileName = "manifest.json";
    public const string Format = "recsys-model";
    public const int Version = 1;

    /// <summary>
    /// Different for every save: a reader that finds it again after opening the files knows that they are of one save.
    /// </summary>
    public string SaveId { get; init; } = Guid.NewGuid().ToString("N");

    private const string TailStart = ",\n  \"manifest_sha256\": \"";
    private const string TailEnd = "\"\n}\n";
    private const int TailLength = 24 + 64 + 4;
    private const int MaxBytes = 256 << 20;

    /// <summary>The manifest as UTF-8 JSON with its checksum.</summary>
    public byte[] ToBytes()
    {
        var buffer = new ArrayBufferWriter<byte>();
        var options = new JsonWriterOptions { Indented = true, NewLine = "\n", Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
        using (var json = new Utf8JsonWriter(buffer, options))
        {
            WriteTo(json);
        }

        var body = buffer.WrittenSpan[..^2]; // without "\n}", which the tail brings
        string hash = Convert.ToHexStringLower(SHA256.HashData(body));
        return [.. body, .. Encoding.ASCII.GetBytes(TailStart + hash + TailEnd)];
    }

    /// <summary>Reads and checks the bytes of the manifest that stood in <paramref name="file"/>.</summary>
    public static Manifest Parse(ReadOnlyMemory<byte> bytes, string file)
    {
        try
        {
            CheckVersion(bytes, file);
            CheckTail(bytes.Span, file);
            using var json = JsonDocument.Parse(bytes);
            return Parse(json.RootElement);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or FormatException or KeyNotFoundException or OverflowException)
        {
            throw new ModelFormatException(file, $"not a manifest ({e.Message.ReplaceLineEndings(" ")})", e);
        }
    }

    /// <summary>The bytes of a directory's manifest.</summary>
    public static byte[] ReadBytes(string directory)
    {
        string file = Path.Combine(directory, FileName);
        try
        {
            if (new FileInfo(file) is { Exists: true, Length: > MaxBytes } info)
            {
                throw new ModelFormatException(file, $"{info.Length} bytes are too many for a manifest");
            }

            return File.ReadAllBytes(file);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new ModelFormatException(
                file, Directory.Exists(directory) ? "missing: the directory holds no model" : "there is no such directory", e);
        }
    }

    private static void CheckVersion(ReadOnlyMemory<byte> bytes, string file)
    {
        // Looked for first and by itself: a newer format may have another tail.
        using var json = JsonDocument.Parse(bytes);
        if (!json.RootElement.TryGetProperty("format", out var format) || format.GetString() != Format
            || !json.RootElement.TryGetProperty("format_version", out var version) || !version.TryGetInt32(out int number)
            || number < 1)
        {
            throw new ModelFormatException(file, $"not the manifest of a model: \"format\": \"{Format}\" and \"format_version\" were expected");
        }

        if (number > Version)
        {
            throw new ModelFormatException(
                file, $"has format version {number}; this engine ({EngineFacts.Version}) reads up to {Version}: use a newer one");
        }
    }

    private static void CheckTail(ReadOnlySpan<byte> bytes, string file)
    {
        if (bytes.Length > TailLength)
        {
            var body = bytes[..^TailLength];
            string expected = TailStart + Convert.ToHexStringLower(SHA256.HashData(body)) + TailEnd;
            if (bytes[^TailLength..].SequenceEqual(Encoding.ASCII.GetBytes(expected)))
            {
                return;
            }
        }

        throw new ModelFormatException(file, "altered: its last line does not hold the SHA-256 of what stands before");
    }

    private static Manifest Parse(JsonElement root)
    {
        var dataset = root.GetProperty("dataset");
        var training = root.GetProperty("training");
        var facts = new ModelFacts(
            root.GetProperty("algorithm").GetString()!,
            JsonNode.Parse(root.GetProperty("options").GetRawText())!.AsObject(),
            [.. training.GetProperty("losses").EnumerateArray().Select(ReadDouble)])
        {
            Dataset = dataset.GetProperty("name").GetString()!,
            DataFingerprint = dataset.GetProperty("fingerprint").GetString()!,
            TrainingSeconds = ReadDouble(training.GetProperty("seconds")),
            Created = root.GetProperty("created") is { ValueKind: JsonValueKind.String } created ? created.GetDateTimeOffset() : null,
            Metrics = root.GetProperty("metrics").EnumerateObject().ToDictionary(m => m.Name, m => ReadDouble(m.Value)),
        };
        if (root.GetProperty("chunk_bytes").GetInt64() != ChunkedFile.ChunkBytes)
        {
            throw new FormatException($"chunk_bytes is not {ChunkedFile.ChunkBytes}");
        }

        var files = root.GetProperty("files").EnumerateObject().ToDictionary(f => f.Name, f => ReadFile(f.Value));
        return new Manifest(
            root.GetProperty("engine_version").GetString()!,
            facts,
            dataset.GetProperty("users").GetInt32(),
            dataset.GetProperty("items").GetInt32(),
            dataset.GetProperty("interactions").GetInt64(),
            files);
    }

    private static ChunkedFile ReadFile(JsonElement entry)
    {
        long bytes = entry.GetProperty("bytes").GetInt64();
        var crcs = entry.GetProperty("crc32c").EnumerateArray()
            .Select(c => uint.Parse(c.GetString()!, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture)).ToList();
        if (bytes < 0 || crcs.Count != ChunkedFile.Chunks(bytes))
        {
            throw new FormatException($"{crcs.Count} checksums for {bytes} bytes");
        }

        return new ChunkedFile(bytes, entry.GetProperty("sha256").GetString()!, crcs);
    }

    private static double ReadDouble(JsonElement value) => value.ValueKind == JsonValueKind.String
        ? double.Parse(value.GetString()!, CultureInfo.InvariantCulture)
        : value.GetDouble();

    private static void WriteDouble(Utf8JsonWriter json, double value)
    {
        if (double.IsFinite(value))
        {
            json.WriteNumberValue(value);
        }
        else
        {
            json.WriteStringValue(value.ToString(CultureInfo.InvariantCulture)); // JSON has no such number
        }
    }

    private void WriteTo(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteString("format", Format);
        json.WriteNumber("format_version", Version);
        json.WriteString("engine_version", EngineVersion);
        json.WriteString("save_id", SaveId);
        json.WriteString("algorithm", Facts.Algorithm);
        json.WritePropertyName("created");
        if (Facts.Created is { } created)
        {
            json.WriteStringValue(created.ToUniversalTime());
        }
        else
        {
            json.WriteNullValue();
        }

        json.WritePropertyName("options");
        Facts.Options.WriteTo(json);

        json.WriteStartObject("dataset");
        json.WriteString("name", Facts.Dataset);
        json.WriteString("fingerprint", Facts.DataFingerprint);
        json.WriteNumber("users", Users);
        json.WriteNumber("items", Items);
        json.WriteNumber("interactions", Interactions);
        json.WriteEndObject();

        json.WriteStartObject("training");
        json.WritePropertyName("seconds");
        WriteDouble(json, Facts.TrainingSeconds);
        json.WriteStartArray("losses");
        foreach (double loss in Facts.Losses)
        {
            WriteDouble(json, loss);
        }

        json.WriteEndArray();
        json.WriteEndObject();

        json.WriteStartObject("metrics");
        foreach (var (name, value) in Facts.Metrics)
        {
            json.WritePropertyName(name);
            WriteDouble(json, value);
        }

        json.WriteEndObject();
        WriteFiles(json);
        json.WriteEndObject();
    }

    private void WriteFiles(Utf8JsonWriter json)
    {
        json.WriteNumber("chunk_bytes", ChunkedFile.ChunkBytes);
        json.WriteStartObject("files");
        foreach (var (name, file) in Files)
        {
            json.WriteStartObject(name);
            json.WriteNumber("bytes", file.Bytes);
            json.WriteString("sha256", file.Sha256);
            json.WriteStartArray("crc32c");
            foreach (uint crc in file.Crc32C)
            {
                json.WriteStringValue(crc.ToString("x8", CultureInfo.InvariantCulture));
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        json.WriteEndObject();
    }
}
