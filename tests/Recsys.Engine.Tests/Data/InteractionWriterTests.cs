using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Recsys.Engine.Data;

namespace Recsys.Engine.Tests.Data;

public sealed class InteractionWriterTests
{
    [Theory]
    [InlineData("a x|b y", "a\tx\nb\ty\n")]
    [InlineData("a x 2|b y 0.1", "a\tx\t2\nb\ty\t0.1\n")]
    [InlineData("a x @5|b y @-7", "a\tx\t1\t5\nb\ty\t1\t-7\n")]
    [InlineData("a x 1e-7 @5", "a\tx\t1E-07\t5\n")]
    [InlineData("#a #x", "\"#a\"\t\"#x\"\n")]
    [InlineData("a\"b x", "\"a\"\"b\"\tx\n")]
    [InlineData("user item|a x", "user\titem\nuser\titem\na\tx\n")]
    public void Interactions_are_written_as_plain_text(string log, string expected) => Assert.Equal(expected, Written(TestText.Log(log), null));

    [Fact]
    public void A_header_and_commas_can_be_asked_for()
    {
        var options = new WriteOptions { Format = InteractionFormat.Csv, Header = true };
        Assert.Equal("user,item,weight\na,x,2\n\"b,c\",y,1\n", Written(TestText.Log("a x 2|b,c y 1"), options));
        Assert.Throws<InvalidOptionException>(() => Written(TestText.Log("a x"), new WriteOptions { Format = InteractionFormat.Adjacency }));
    }

    [Fact]
    public void What_is_written_is_read_as_it_was()
    {
        var letter = Gen.Elements("a", "7", "0", " ", "\t", ",", "\"", "\n", "\r", "#", ":", "::", ";", "|", "\uFEFF", "é", "日", "😀", "user", "item", "\u0001", "'");
        var id = letter.NonEmptyListOf().Select(parts => string.Concat(parts));
        var weight = Gen.OneOf(Gen.Constant(1f), Gen.Choose(1, 50).Select(n => n / 10f), ArbMap.Default.GeneratorFor<float>().Select(Usable));
        var row = id.SelectMany(u => id.SelectMany(i => weight.SelectMany(w => ArbMap.Default.GeneratorFor<long>().Select(t => (User: u, Item: i, Weight: w, Time: t)))));
        var input = row.NonEmptyListOf().SelectMany(rows => Gen.Choose(0, 15).Select(form => (rows, form)));
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(500), Prop.ForAll(Arb.From(input), sample =>
        {
            var (rows, form) = sample;
            var users = new IdTable();
            var items = new IdTable();
            var log = new InteractionLog(
                users,
                items,
                [.. rows.Select(r => users.GetOrAdd(r.User))],
                [.. rows.Select(r => items.GetOrAdd(r.Item))],
                (form & 1) != 0 && rows.Any(r => r.Weight != 1) ? [.. rows.Select(r => r.Weight)] : null,
                (form & 2) != 0 ? [.. rows.Select(r => r.Time)] : null);
            var format = (form & 4) != 0 ? InteractionFormat.Csv : InteractionFormat.Tsv;
            string text = Written(log, new WriteOptions { Format = format, Header = (form & 8) != 0 });
            foreach (var named in new InteractionFormat?[] { format, null })
            {
                var (back, report) = TestText.Read(text, new ReadOptions { Format = named, AllowNegative = true });
                Assert.Equal(TestText.Show(log), TestText.Show(back));
                Assert.Equal(log.Users.ToArray(), back.Users.ToArray());
                Assert.Equal(log.Items.ToArray(), back.Items.ToArray());
                Assert.Equal(log.Weights.ToArray(), back.Weights.ToArray());
                Assert.Equal(log.Times.ToArray(), back.Times.ToArray());
                Assert.Equal(text.Count(c => c == '\n'), report.Lines);
            }
        }));

        static float Usable(float value) => float.IsFinite(value) && value != 0 ? value : 2;
    }

    [Fact]
    public void Files_appear_complete_or_not_at_all()
    {
        using var folder = new TemporaryFolder();
        string path = folder.File("out.tsv", "before");
        using var cancelled = new CancellationTokenSource();
        cancelled.Cancel();
        Assert.Throws<OperationCanceledException>(() => InteractionWriter.Write(path, TestText.Log("a x"), null, cancelled.Token));
        Assert.Equal("before", File.ReadAllText(path));
        Assert.Equal(["out.tsv"], folder.Names);
        InteractionWriter.Write(path, TestText.Log("a x"));
        Assert.Equal("a\tx\n", File.ReadAllText(path));
        Assert.Equal(["out.tsv"], folder.Names);
    }

    [Fact]
    public void A_name_that_ends_with_gz_is_compressed()
    {
        using var folder = new TemporaryFolder();
        string path = Path.Combine(folder.Path, "out.tsv.gz");
        InteractionWriter.Write(path, TestText.Log("a x|b y"));
        var (log, report) = InteractionReader.Read(path);
        Assert.True(report.Compressed);
        Assert.Equal("a x 1|b y 1", TestText.Show(log));
    }

    [Fact]
    public void A_file_that_cannot_be_written_is_named()
    {
        using var folder = new TemporaryFolder();
        string path = Path.Combine(folder.Path, "none", "out.tsv");
        var error = Assert.Throws<RecsysException>(() => InteractionWriter.Write(path, TestText.Log("a x")));
        Assert.StartsWith($"{path}: cannot be written: ", error.Message, StringComparison.Ordinal);
        error = Assert.Throws<RecsysException>(() => InteractionWriter.Write(folder.Path, TestText.Log("a x")));
        Assert.Equal($"{folder.Path}: cannot be written: it is a directory", error.Message);
    }

    private static string Written(InteractionLog log, WriteOptions? options)
    {
        var stream = new MemoryStream();
        InteractionWriter.Write(stream, log, options);
        return Encoding.UTF8.GetString(stream.ToArray());
    }
}
