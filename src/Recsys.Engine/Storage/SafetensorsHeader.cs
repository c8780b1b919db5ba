using System.Buffers;
using System.Buffers.Binary;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Recsys.Engine.Storage;

/// <summary>
/// The header of a safetensors file: eight bytes of little-endian length, then that many bytes of JSON, an object of
/// name → dtype, shape, data_offsets (relative to the end of the header), padded with spaces. We write data 64-byte
/// aligned, contiguous, and read only what is contiguous and complete, as the format demands.
/// </summary>
internal static class SafetensorsHeader
{
    /// <summary>Bytes of the length at the start of the file.</summary>
    public const int LengthBytes = 8;

    /// <summary>Longest header accepted, the same limit as the reference implementation.</summary>
    public const long MaxBytes = 100_000_000;

    private const int DataAlignment = 64;

    /// <summary>Builds the length and the header of the given arrays, and lays them out in the order returned.</summary>
    public static (byte[] Header, IReadOnlyList<TensorInfo> Tensors) Build(IReadOnlyDictionary<string, Tensor> tensors)
    {
        // Multiples of 64 bytes first, so that they stay aligned; then by element size, so that all others are at
        // least aligned to their elements.
        var sized = tensors.Select(pair => (Name: pair.Key, Tensor: pair.Value, Bytes: CheckedBytes(pair.Key, pair.Value)))
            .OrderBy(t => t.Bytes % DataAlignment == 0 ? 0 : 1)
            .ThenByDescending(t => TensorLayout.ElementBytes(t.Tensor.Type))
            .ThenBy(t => t.Name, StringComparer.Ordinal);
        var buffer = new ArrayBufferWriter<byte>();
        var laidOut = new List<TensorInfo>(tensors.Count);
        long offset = 0;
        using (var json = new Utf8JsonWriter(buffer, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            json.WriteStartObject();
            foreach (var (name, tensor, bytes) in sized)
            {
                json.WriteStartObject(name);
                json.WriteString("dtype", tensor.Type.ToString());
                json.WriteStartArray("shape");
                foreach (long extent in tensor.Shape)
                {
                    json.WriteNumberValue(extent);
                }

                json.WriteEndArray();
                json.WriteStartArray("data_offsets");
                json.WriteNumberValue(offset);
                json.WriteNumberValue(offset + bytes);
                json.WriteEndArray();
                json.WriteEndObject();
                laidOut.Add(new TensorInfo(name, tensor.Type, tensor.Shape, offset, bytes));
                offset += bytes;
            }

            json.WriteEndObject();
        }

        int total = (LengthBytes + buffer.WrittenCount + DataAlignment - 1) / DataAlignment * DataAlignment;
        var header = new byte[total];
        BinaryPrimitives.WriteInt64LittleEndian(header, total - LengthBytes);
        buffer.WrittenSpan.CopyTo(header.AsSpan(LengthBytes));
        header.AsSpan(LengthBytes + buffer.WrittenCount).Fill((byte)' ');
        return (header, laidOut.ConvertAll(t => t with { Offset = t.Offset + total }));
    }

    /// <summary>The header's length of a file of <paramref name="fileBytes"/> that starts with <paramref name="start"/>.</summary>
    public static long Length(ReadOnlySpan<byte> start, long fileBytes, string file)
    {
        if (fileBytes < LengthBytes || start.Length < LengthBytes)
        {
            throw new ModelFormatException(file, $"{fileBytes} bytes are too few for a safetensors file");
        }

        ulong length = BinaryPrimitives.ReadUInt64LittleEndian(start);
        if (length > (ulong)MaxBytes || (long)length > fileBytes - LengthBytes)
        {
            throw new ModelFormatException(file, $"the header's length, {length}, does not fit a file of {fileBytes} bytes");
        }

        return (long)length;
    }

    /// <summary>Parses a header (without its length) of a file of <paramref name="fileBytes"/>.</summary>
    /// <exception cref="ModelFormatException">It is not a header, or does not describe that file without holes or overlaps.</exception>
    public static IReadOnlyDictionary<string, TensorInfo> Parse(ReadOnlySpan<byte> header, long fileBytes, string file)
    {
        var tensors = new Dictionary<string, TensorInfo>();
        try
        {
            ParseObject(header, tensors, file);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or FormatException)
        {
            // InvalidOperationException: a string that is not UTF-8, or another kind of value than expected.
            throw new ModelFormatException(file, $"the header is not a safetensors header ({OneLine(e.Message)})", e);
        }

        long dataStart = LengthBytes + header.Length;
        long end = 0;
        foreach (var tensor in tensors.Values.OrderBy(t => t.Offset).ThenBy(t => t.Bytes).ToList())
        {
            if (tensor.Offset != end)
            {
                throw new ModelFormatException(
                    file, $"array '{tensor.Name}' starts at {tensor.Offset}, {(tensor.Offset > end ? "after a hole from" : "inside what ends at")} {end}");
            }

            end = tensor.Offset + tensor.Bytes;
            tensors[tensor.Name] = tensor with { Offset = tensor.Offset + dataStart };
        }

        if (end != fileBytes - dataStart)
        {
            throw new ModelFormatException(file, $"the arrays take {end} bytes, the file has {fileBytes - dataStart} for them");
        }

        return tensors;
    }

    private static void ParseObject(ReadOnlySpan<byte> header, Dictionary<string, TensorInfo> tensors, string file)
    {
        if (header.IsEmpty || header[0] != '{')
        {
            throw new ModelFormatException(file, "the header does not start with '{'");
        }

        var json = new Utf8JsonReader(header.TrimEnd((byte)' '), new JsonReaderOptions { MaxDepth = 8 });
        json.Read();
        bool metadata = false;
        while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
        {
            string name = json.GetString()!;
            json.Read();
            if (name == "__metadata__" && !metadata)
            {
                metadata = true;
                json.Skip();
            }
            else if (name == "__metadata__" || !tensors.TryAdd(name, ParseTensor(ref json, name, file)))
            {
                throw new ModelFormatException(file, $"the header names '{name}' twice");
            }
        }

        if (json.Read())
        {
            throw new ModelFormatException(file, "something follows the header's object");
        }
    }

    private static TensorInfo ParseTensor(ref Utf8JsonReader json, string name, string file)
    {
        if (json.TokenType != JsonTokenType.StartObject)
        {
            throw new ModelFormatException(file, $"the header's entry '{name}' is not an object");
        }

        string? dtype = null;
        List<long>? shape = null;
        List<long>? offsets = null;
        while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
        {
            string key = json.GetString()!;
            json.Read();
            bool repeated = false;
            switch (key)
            {
                case "dtype":
                    repeated = dtype is not null;
                    dtype = json.GetString();
                    break;
                case "shape":
                    repeated = shape is not null;
                    shape = ParseNumbers(ref json, name, file);
                    break;
                case "data_offsets":
                    repeated = offsets is not null;
                    offsets = ParseNumbers(ref json, name, file);
                    break;
                default:
                    throw new ModelFormatException(file, $"array '{name}' has an unknown property '{key}'");
            }

            if (repeated)
            {
                throw new ModelFormatException(file, $"array '{name}' has two properties '{key}'");
            }
        }

        if (dtype is null || shape is null || offsets is not [long from, long to] || to < from)
        {
            throw new ModelFormatException(file, $"array '{name}' lacks a dtype, a shape or two ascending data_offsets");
        }

        if (!Enum.TryParse(dtype, out TensorType type) || !Enum.IsDefined(type) || type.ToString() != dtype)
        {
            throw new ModelFormatException(file, $"array '{name}' has a dtype '{dtype}' that is not read here");
        }

        if (!TensorLayout.TryBytes(type, shape, out long bytes) || bytes != to - from)
        {
            throw new ModelFormatException(
                file, $"array '{name}', {TensorLayout.Describe(type, shape)}, does not fit its offsets {from} to {to}");
        }

        return new TensorInfo(name, type, shape, from, bytes);
    }

    private static List<long> ParseNumbers(ref Utf8JsonReader json, string name, string file)
    {
        if (json.TokenType != JsonTokenType.StartArray)
        {
            throw new ModelFormatException(file, $"array '{name}': a list of numbers was expected");
        }

        var numbers = new List<long>();
        while (json.Read() && json.TokenType != JsonTokenType.EndArray)
        {
            if (json.TokenType != JsonTokenType.Number || !json.TryGetInt64(out long number) || number < 0)
            {
                throw new ModelFormatException(file, $"array '{name}': a shape or offset is not a whole number from 0 up");
            }

            numbers.Add(number);
        }

        return numbers;
    }

    private static long CheckedBytes(string name, Tensor tensor)
    {
        if (!TensorLayout.TryBytes(tensor.Type, tensor.Shape, out long bytes)
            || (tensor.Shape.Count > 1 && tensor.RowBytes < TensorLayout.RowPayload(tensor.Type, tensor.Shape)))
        {
            throw new RecsysException(
                $"array '{name}', {TensorLayout.Describe(tensor.Type, tensor.Shape)} with rows {tensor.RowBytes} bytes apart, is no array");
        }

        return bytes;
    }

    private static string OneLine(string text) => text.ReplaceLineEndings(" ");
}
