using System.Globalization;
using System.IO.Compression;
using System.Text;

namespace Recsys.Benchmarks.Data;

/// <summary>Writes seeded files of interactions with popular and rare items, as logs have them.</summary>
internal static class SyntheticFile
{
    /// <summary>How the ids look.</summary>
    public enum Ids
    {
        /// <summary>Integers from 0.</summary>
        Integers,

        /// <summary>Sixteen hexadecimal digits.</summary>
        Hex,
    }

    public sealed record Shape(
        int Lines, int Users, int Items, bool Grouped, Ids Ids = Ids.Integers, char Separator = '\t', int Columns = 2, bool Gzip = false,
        bool Quoted = false);

    /// <summary>Writes the file and returns the bytes of its text.</summary>
    public static long Write(string path, Shape shape, int seed)
    {
        using Stream file = new FileStream(path, FileMode.Create, FileAccess.Write, FileShare.None, 1 << 20);
        using Stream packed = shape.Gzip ? new GZipStream(file, CompressionLevel.Fastest) : file;
        using var text = new BufferedStream(packed, 1 << 20);
        var random = new Random(seed);
        var line = new StringBuilder();
        long bytes = 0;
        for (int n = 0; n < shape.Lines; n++)
        {
            // Squares of uniform numbers: a few items are in most lines, most in few.
            long user = shape.Grouped ? (long)n * shape.Users / shape.Lines : random.NextInt64(shape.Users);
            double x = random.NextDouble();
            long item = (long)(x * x * shape.Items);
            line.Clear();
            Append(line, user, shape);
            line.Append(shape.Separator);
            Append(line, item, shape);
            if (shape.Columns == 4)
            {
                line.Append(shape.Separator).Append(1 + (n % 5)).Append(".5").Append(shape.Separator).Append(1_000_000_000 + n);
            }

            line.Append('\n');
            byte[] encoded = Encoding.ASCII.GetBytes(line.ToString());
            text.Write(encoded);
            bytes += encoded.Length;
        }

        return bytes;
    }

    private static void Append(StringBuilder line, long id, Shape shape)
    {
        string quote = shape.Quoted ? "\"" : "";
        string text = shape.Ids == Ids.Integers
            ? id.ToString(CultureInfo.InvariantCulture)
            : ((ulong)(id + 1) * 0x9E3779B97F4A7C15).ToString("x16", CultureInfo.InvariantCulture);
        line.Append(quote).Append(text).Append(quote);
    }
}
