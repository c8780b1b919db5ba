using System.Text;
using System.Text.Json;

namespace Recsys.Engine.Tests.Storage;

/// <summary>
/// A reader of safetensors files written from the format's description alone: 8 bytes N, unsigned little-endian;
/// N bytes of JSON that begin with '{' and may end in spaces; the rest is the byte buffer, which data_offsets index.
/// </summary>
internal static class SpecificationReader
{
    public sealed record Entry(string Dtype, long[] Shape, byte[] Bytes, long FilePosition)
    {
        public float[] Floats() => [.. Enumerable.Range(0, Bytes.Length / 4).Select(i => BitConverter.ToSingle(Bytes, i * 4))];

        public int[] Ints() => [.. Enumerable.Range(0, Bytes.Length / 4).Select(i => BitConverter.ToInt32(Bytes, i * 4))];

        public long[] Longs() => [.. Enumerable.Range(0, Bytes.Length / 8).Select(i => BitConverter.ToInt64(Bytes, i * 8))];
    }

    public static Dictionary<string, Entry> Read(string path)
    {
        byte[] file = File.ReadAllBytes(path);
        long n = 0;
        for (int i = 7; i >= 0; i--)
        {
            n = (n << 8) | file[i];
        }

        Assert.Equal((byte)'{', file[8]);
        using var json = JsonDocument.Parse(Encoding.UTF8.GetString(file, 8, (int)n));
        var entries = new Dictionary<string, Entry>();
        var covered = new bool[file.Length - 8 - n];
        foreach (var property in json.RootElement.EnumerateObject())
        {
            if (property.Name == "__metadata__")
            {
                continue;
            }

            long begin = property.Value.GetProperty("data_offsets")[0].GetInt64();
            long end = property.Value.GetProperty("data_offsets")[1].GetInt64();
            var shape = property.Value.GetProperty("shape").EnumerateArray().Select(e => e.GetInt64()).ToArray();
            string dtype = property.Value.GetProperty("dtype").GetString()!;
            int size = dtype switch { "F64" or "I64" => 8, "F32" or "I32" => 4, "F16" or "BF16" => 2, _ => 1 };
            Assert.Equal(shape.Aggregate(1L, (a, b) => a * b) * size, end - begin);
            for (long i = begin; i < end; i++)
            {
                Assert.False(covered[i], "no overlaps");
                covered[i] = true;
            }

            entries.Add(property.Name, new Entry(dtype, shape, file[(int)(8 + n + begin)..(int)(8 + n + end)], 8 + n + begin));
        }

        Assert.DoesNotContain(false, covered); // the buffer is used in full: no holes
        return entries;
    }
}
