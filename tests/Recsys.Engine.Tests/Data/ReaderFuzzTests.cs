using FsCheck;
using FsCheck.Fluent;
using Recsys.Engine.Data;

namespace Recsys.Engine.Tests.Data;

public sealed class ReaderFuzzTests
{
    private static readonly Gen<byte[]> Texts = Gen.OneOf(
        Gen.Elements("a", "b", "1", "12", "0", "1.5", "-1", "x y", "\t", "\t", ",", ",", "::", ":", "\"", "\"\"", "\n", "\n", "\n", "\r\n", "\r", "#", " ", "é", "user", "item", "2020-01-01")
            .ListOf().Select(parts => System.Text.Encoding.UTF8.GetBytes(string.Concat(parts))),
        Gen.Choose(0, 255).Select(b => (byte)b).ListOf().Select(bytes => bytes.ToArray()),
        Gen.Elements("1\t2\n", "a\tb\n", "3\t4\r\n", "\"q\"\t5\n", "\n", "#c\n", "bad\n", "1\t2\t3\n", "01\t7\n", "99999999\t123456789\n")
            .ListOf(200).Select(lines => System.Text.Encoding.UTF8.GetBytes(string.Concat(lines))));

    private static readonly Gen<InteractionFormat?> Formats =
        Gen.Elements(Enum.GetValues<InteractionFormat>()).Select(f => (InteractionFormat?)f).Or(Gen.Constant<InteractionFormat?>(null));

    [Fact]
    public void Whatever_the_bytes_they_are_read_or_refused_in_the_readers_own_words()
    {
        var input = Texts.SelectMany(t => Formats.SelectMany(f => Gen.Elements(Enum.GetValues<OnError>()).Select(e => (Text: t, Format: f, OnError: e))));
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(3000), Prop.ForAll(Arb.From(input), sample =>
        {
            var options = new ReadOptions { Format = sample.Format, OnError = sample.OnError };
            string whole = Outcome(new MemoryStream(sample.Text), options);
            Assert.Equal(whole, Outcome(new Trickle(sample.Text), options));
            if (!(sample.Text is [0x1F, 0x8B, ..]))
            {
                Assert.Equal(whole, Outcome(new MemoryStream(TestText.Gzip(sample.Text)), options));
            }
        }));
    }

    [Fact]
    public void The_quick_way_and_the_careful_way_read_the_same()
    {
        // A broken id sends all records of its block the careful way.
        byte[] broken = [.. "z\t"u8, 0xFF, (byte)'\n'];
        var line = Gen.Elements(
            "1\t2\n", "12\t7\r\n", "a\tb\n", " a \t b\n", "\"q\"\t5\n", "\"two\nlines\"\t5\n", "\n", "#c\n", "#c\td\n", "bad\n", "1\t2\t3\n",
            "01\t7\n", "99999999\t123456789\n", "\t1\n", "1\t\n", "é\tö\n", "12345678\t1\n", "x\"y\tz\n", "\"a\"\"b\"\t1\n", "\"a\"b\t1\n");
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(500).WithEndSize(400), Prop.ForAll(Arb.From(line.ListOf()), lines =>
        {
            byte[] text = [.. "0\t0\n"u8, .. System.Text.Encoding.UTF8.GetBytes(string.Concat(lines))];
            var options = new ReadOptions { OnError = OnError.Skip, Format = InteractionFormat.Tsv, MaxSkippedExamples = 1000 };
            var (quick, report) = TestText.Read(text, options);
            var (careful, carefulReport) = TestText.Read([.. text, .. broken], options);
            Assert.Equal(TestText.Show(quick), TestText.Show(careful));
            Assert.Equal((report.Lines + 1, report.Skipped + 1), (carefulReport.Lines, carefulReport.Skipped));
            Assert.Equal(report.SkippedExamples, carefulReport.SkippedExamples.SkipLast(1));
        }));
    }

    private static string Outcome(Stream stream, ReadOptions options)
    {
        try
        {
            var (log, report) = InteractionReader.Read(stream, "f", options);
            return $"{report.Format} {report.Lines} {report.Skipped} {TestText.Show(log)} {string.Join('|', report.SkippedExamples)}";
        }
        catch (RecsysException e)
        {
            Assert.DoesNotContain('\n', e.Message);
            return e.Message;
        }
    }

    /// <summary>A stream that gives a byte at a time.</summary>
    private sealed class Trickle(byte[] bytes) : MemoryStream(bytes)
    {
        public override bool CanSeek => false;

        public override int Read(Span<byte> buffer) => base.Read(buffer[..Math.Min(1, buffer.Length)]);

        public override int Read(byte[] buffer, int offset, int count) => base.Read(buffer, offset, Math.Min(1, count));
    }
}
