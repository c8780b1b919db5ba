using System.Text;
using Recsys.Engine.Data;

namespace Recsys.Engine.Tests.Data;

public sealed class InteractionReaderTests
{
    [Theory]
    [InlineData("a\tx\nb\ty\n", InteractionFormat.Tsv, "a x 1|b y 1")]
    [InlineData("a\tx\r\nb\ty", InteractionFormat.Tsv, "a x 1|b y 1")]
    [InlineData("\uFEFFa\tx\n\n# a comment\n  \nb\ty\n", InteractionFormat.Tsv, "a x 1|b y 1")]
    [InlineData("1\t2\t3.5\n1\t3\t0.25\n", InteractionFormat.Tsv, "1 2 3.5|1 3 0.25")]
    [InlineData("1\t2\t3\t88\n1\t3\t1\t99\n", InteractionFormat.MovieLensData, "1 2 3 @88|1 3 1 @99")]
    [InlineData("1::2::3::88\n1::3::1.5::99\n", InteractionFormat.MovieLensDat, "1 2 3 @88|1 3 1.5 @99")]
    [InlineData("userId,movieId,rating,timestamp\r\n1,2,3.0,88\r\n", InteractionFormat.MovieLensCsv, "1 2 3 @88")]
    [InlineData("a,x,2\nb,y,3\n", InteractionFormat.Csv, "a x 2|b y 3")]
    [InlineData("a, x ,2\n b,y, 3\n", InteractionFormat.Csv, "a x 2|b y 3")]
    [InlineData("time,item_id,junk,User ID\n7,x,?,a\n", InteractionFormat.Csv, "a x 1 @7")]
    [InlineData("\"a,b\",\"say \"\"x\"\"\"\n\"c\nd\",y\n", InteractionFormat.Csv, "a,b say \"x\" 1|c\nd y 1")]
    [InlineData("\"a\tb\"\tx\nc\t\"#y\" \n", InteractionFormat.Tsv, "a\tb x 1|c #y 1")]
    [InlineData("u i j k\nv i\nw\n", InteractionFormat.Adjacency, "u i 1|u j 1|u k 1|v i 1")]
    [InlineData("2 7 9\n0\n1 7\n", InteractionFormat.CountedAdjacency, "0 7 1|0 9 1|2 7 1")]
    [InlineData("Ünï\t日本\nb\ty\n", InteractionFormat.Tsv, "Ünï 日本 1|b y 1")]
    [InlineData("007\t7\n7\t0\n00\t123456789012345678901\n", InteractionFormat.Tsv, "007 7 1|7 0 1|00 123456789012345678901 1")]
    public void Layouts_are_detected_and_read(string text, InteractionFormat format, string expected)
    {
        var (log, report) = Read(text);
        Assert.Equal(format, report.Format);
        Assert.Equal(expected, Show(log));
        Assert.Equal(log.Count, report.Interactions);
    }

    internal static (InteractionLog Log, ReadReport Report) Read(string text, ReadOptions? options = null) =>
        InteractionReader.Read(new MemoryStream(Encoding.UTF8.GetBytes(text)), "f", options);

    internal static string Show(InteractionLog log)
    {
        var lines = new List<string>();
        for (int e = 0; e < log.Count; e++)
        {
            FormattableString weight = $"{(log.HasWeights ? log.Weights[e] : 1)}";
            string time = log.HasTimes ? $" @{log.Times[e]}" : "";
            lines.Add($"{log.UserIds[log.Users[e]]} {log.ItemIds[log.Items[e]]} {FormattableString.Invariant(weight)}{time}");
        }

        return string.Join('|', lines);
    }
}
