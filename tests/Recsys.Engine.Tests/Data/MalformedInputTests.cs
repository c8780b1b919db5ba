using System.Text;
using Recsys.Engine.Data;

namespace Recsys.Engine.Tests.Data;

/// <summary>What is said of input that is not as it should be, word for word.</summary>
public sealed class MalformedInputTests
{
    private const string Three = "a\tx\t1\n";

    [Theory]
    [InlineData("a\tx\nb\n", "f:2: expected 2 columns separated by tabs, found 'b'")]
    [InlineData("a\tx\nb\ty\t1\n", "f:2: expected 2 columns separated by tabs, found 'b\\ty\\t1'")]
    [InlineData("a,x\r\n\r\n#\r\nb\r\n", "f:4: expected 2 columns separated by commas, found 'b'")]
    [InlineData("1::2::3::4\n1::2\n", "f:2: expected 4 columns separated by '::'s, found '1::2'")]
    [InlineData("a\tb\tc\td\te\n", "f:1: expected 2 to 4 columns separated by tabs (user, item, weight, time) or a header that names them, found 'a\\tb\\tc\\td\\te'")]
    [InlineData("a\tx\n\ty\n", "f:2: expected a user id, found ''")]
    [InlineData("a\tx\nb\t\n", "f:2: expected an item id, found ''")]
    [InlineData("a\tx\nb\t  \n", "f:2: expected an item id, found ''")]
    [InlineData("a\tx\nb\t\"\"\n", "f:2: expected an item id, found ''")]
    [InlineData(Three + "a\ty\tgood\n", "f:2: expected a weight (a finite number), found 'good'")]
    [InlineData(Three + "a\ty\t\n", "f:2: expected a weight (a finite number), found ''")]
    [InlineData(Three + "a\ty\tNaN\n", "f:2: expected a weight (a finite number), found 'NaN'")]
    [InlineData(Three + "a\ty\tinf\n", "f:2: expected a weight (a finite number), found 'inf'")]
    [InlineData(Three + "a\ty\t-Infinity\n", "f:2: expected a weight (a finite number), found '-Infinity'")]
    [InlineData(Three + "a\ty\t∞\n", "f:2: expected a weight (a finite number), found '∞'")]
    [InlineData(Three + "a\ty\t1e39\n", "f:2: expected a weight (a finite number), found '1e39'")]
    [InlineData(Three + "a\ty\t1,5\n", "f:2: expected a weight (a finite number), found '1,5'")]
    [InlineData(Three + "a\ty\t0x1\n", "f:2: expected a weight (a finite number), found '0x1'")]
    [InlineData(Three + "a\ty\t.\n", "f:2: expected a weight (a finite number), found '.'")]
    [InlineData(Three + "a\ty\t-1\n", "f:2: expected a weight of 0 or more (negative ones are not allowed here), found '-1'")]
    [InlineData("a\tx\t1\t5\na\ty\t1\tnoon\n", "f:2: expected a time (Unix seconds or ISO 8601), found 'noon'")]
    [InlineData("a\tx\t1\t5\na\ty\t1\t\n", "f:2: expected a time (Unix seconds or ISO 8601), found ''")]
    [InlineData("a\tx\t1\t5\na\ty\t1\t99999999999999999999\n", "f:2: expected a time (Unix seconds or ISO 8601), found '99999999999999999999'")]
    [InlineData("a\tx\t1\t5\na\ty\t1\t2020-13-01\n", "f:2: expected a time (Unix seconds or ISO 8601), found '2020-13-01'")]
    [InlineData("a,x\nb,\"y\n", "f:2: expected a closing quote, found '\"y'")]
    [InlineData("a,x\n\"b\"c,y\n", "f:2: expected a comma or the end of the line after a closing quote, found 'c,y'")]
    [InlineData("\"a,x\n", "f:1: expected a first line of columns, found a quoted field that does not end well: '\"a,x'")]
    [InlineData("\"a\nb\",x\nc\n", "f:3: expected 2 columns separated by commas, found 'c'")]
    [InlineData("word\nword\n", "f:1: expected a user and an item separated by a tab, a comma, '::' or a space, found 'word'")]
    [InlineData("1 2 3\n4 5 6\n", "f:1: expected a layout that can be told apart, found 3 words on every line: name the format adjacency (user item item …) or space (user item weight …)")]
    [InlineData("user,thing,rating\na,x,1\n", "f:1: expected a weight (a finite number), found 'rating'")]
    [InlineData("a\rb\rc", "f:1: expected lines that end with LF or CRLF, found CR alone")]
    [InlineData("\u0001\u0000\u0000", "f: expected text or text compressed with gzip, found binary data")]
    [InlineData("PK\u0003\u0004\u0000\u0000", "f: expected text or text compressed with gzip, found a zip archive")]
    [InlineData("PAR1\u0000\u0000", "f: expected text or text compressed with gzip, found a Parquet file")]
    [InlineData("", "f: expected interactions, found an empty file")]
    [InlineData("\uFEFF", "f: expected interactions, found an empty file")]
    [InlineData("\n\r\n  \n# nothing\n", "f: expected interactions, found only blank lines, comments or a header in 4 lines")]
    [InlineData("user\titem\n", "f: expected interactions, found only blank lines, comments or a header in 1 lines")]
    [InlineData("a\tx\t0\n", "f: expected interactions, none is left of 1 records: 0 malformed, 1 of weight 0, 0 below the minimum weight, 0 of unknown users, 0 of unknown items")]
    public void Malformed_text_fails_with_place_expectation_and_finding(string text, string message) =>
        AssertFails(message, Encoding.UTF8.GetBytes(text), null);

    [Theory]
    [InlineData("2 5\n", "f:1: expected 2 items after their number, found '2 5'")]
    [InlineData("1 5\nx 5\n", "f:2: expected a number of items, found 'x'")]
    public void A_counted_list_must_have_as_many_items_as_it_says(string text, string message) =>
        AssertFails(message, Encoding.UTF8.GetBytes(text), new ReadOptions { Format = InteractionFormat.CountedAdjacency });

    [Fact]
    public void Columns_between_spaces_must_be_as_many_as_in_the_first_line() => AssertFails(
        "f:2: expected 3 columns separated by spaces, found 'a y'", "a x 1\na y\n"u8.ToArray(), new ReadOptions { Format = InteractionFormat.Space });

    [Theory]
    [InlineData("caf\xE9\tx", "f:2: expected a user id in UTF-8, found 'caf\\xE9'")]
    [InlineData("a\t\xC3", "f:2: expected an item id in UTF-8, found '\\xC3'")]
    [InlineData("a\t\xED\xA0\x80", "f:2: expected an item id in UTF-8, found '\\xED\\xA0\\x80'")]
    public void Ids_must_be_utf8(string line, string message) =>
        AssertFails(message, Encoding.Latin1.GetBytes("a\tx\n" + line + "\nb\ty\n"), null);

    [Fact]
    public void Adjacent_ids_must_be_utf8() =>
        AssertFails("f:2: expected an item id in UTF-8, found '\\xE9'", Encoding.Latin1.GetBytes("a x y\nb \xE9\n"), null);

    [Fact]
    public void Broken_utf8_outside_the_ids_does_not_matter()
    {
        var (log, _) = TestText.Read(Encoding.Latin1.GetBytes("user,item,title\na,x,caf\xE9\n"));
        Assert.Equal("a x 1", TestText.Show(log));
    }

    [Fact]
    public void Utf16_is_named() =>
        AssertFails("f: expected UTF-8 text, found UTF-16", [0xFF, 0xFE, (byte)'a', 0], null);

    [Fact]
    public void Columns_that_are_not_there_are_named()
    {
        byte[] text = "user,thing,rating\na,x,1\n"u8.ToArray();
        AssertFails("f:1: expected a column 'what' for the item, found 'user,thing,rating'", text, new ReadOptions { ItemColumn = "what" });
        AssertFails("f:1: expected a column '4' for the weight, found 'user,thing,rating'", text, new ReadOptions { WeightColumn = "4" });
        AssertFails("f:1: expected a column for the item, found 'user,thing,rating'", text, new ReadOptions { Header = true });
        AssertFails("f:1: expected a column for the item, found 'user,thing,rating'", text, new ReadOptions { Format = InteractionFormat.MovieLensCsv });
        AssertFails("f:1: expected a column for the item, found 'onlyone'", "onlyone\n"u8.ToArray(), new ReadOptions { Format = InteractionFormat.Tsv, UserColumn = "1" });
    }

    [Theory]
    [InlineData("1", "1", "f: column 1 cannot be both the user and the item")]
    [InlineData("2", null, "f: column 2 cannot be both the user and the item")]
    public void One_column_has_one_role(string user, string? item, string message)
    {
        var error = Assert.Throws<InvalidOptionException>(() => TestText.Read("a,x\n", new ReadOptions { UserColumn = user, ItemColumn = item }));
        Assert.Equal(message, error.Message);
    }

    [Fact]
    public void Options_that_cannot_be_served_are_refused()
    {
        Assert.Throws<InvalidOptionException>(() => TestText.Read("a,x\n", new ReadOptions { Separator = 'a' }));
        Assert.Throws<InvalidOptionException>(() => TestText.Read("a,x\n", new ReadOptions { MinWeight = float.NaN }));
        Assert.Throws<InvalidOptionException>(() => TestText.Read("a,x\n", new ReadOptions { UnknownItems = UnknownIds.Drop }));
        Assert.Throws<InvalidOptionException>(() => TestText.Read("a,x\n", new ReadOptions { Header = false, UserColumn = "user" }));
    }

    [Fact]
    public void Malformed_lines_can_be_skipped_counted_and_shown()
    {
        string text = "a\tx\t1\n" + string.Concat(Enumerable.Range(2, 7).Select(n => $"bad{n}\n")) + "b\t\t1\nb\ty\t-1\nb\ty\t2\n";
        var (log, report) = TestText.Read(text, new ReadOptions { OnError = OnError.Skip });
        Assert.Equal("a x 1|b y 2", TestText.Show(log));
        Assert.Equal((11, 9, 5), (report.Lines, report.Skipped, report.SkippedExamples.Count));
        Assert.Equal("f:2: expected 3 columns separated by tabs, found 'bad2'", report.SkippedExamples[0]);
        Assert.Empty(TestText.Read(text, new ReadOptions { OnError = OnError.Skip, MaxSkippedExamples = 0 }).Report.SkippedExamples);
    }

    [Fact]
    public void A_quote_that_is_not_closed_costs_only_its_line()
    {
        string tail = string.Concat(Enumerable.Range(0, 20_000).Select(n => $"u{n},i{n}\n"));
        var (log, report) = TestText.Read("a,x\nb,\"y\n" + tail, new ReadOptions { OnError = OnError.Skip });
        Assert.Equal((20_001, 1), (log.Count, report.Skipped));
        Assert.Equal("f:2: expected a closing quote, found '\"y'", report.SkippedExamples[0]);
        Assert.Equal(20_002, report.Lines);
    }

    [Fact]
    public void A_skipped_line_of_a_counted_list_is_still_a_user()
    {
        var options = new ReadOptions { OnError = OnError.Skip, Format = InteractionFormat.CountedAdjacency };
        Assert.Equal("0 7 1|2 8 1", TestText.Show(TestText.Read("1 7\n2 7\n1 8\n", options).Log));
    }

    [Fact]
    public void A_line_of_an_adjacency_list_is_skipped_as_a_whole()
    {
        byte[] text = Encoding.Latin1.GetBytes("a x\nb y \xE9\nc z\n");
        var (log, report) = TestText.Read(text, new ReadOptions { OnError = OnError.Skip });
        Assert.Equal("a x 1|c z 1", TestText.Show(log));
        Assert.Equal((1, 2), (report.Skipped, log.ItemIds.Count));
    }

    [Fact]
    public void When_everything_is_skipped_the_error_shows_the_first()
    {
        AssertFails(
            "f: expected interactions, none is left of 2 records: 2 malformed, 0 of weight 0, 0 below the minimum weight, 0 of unknown users, "
            + "0 of unknown items; the first: f:1: expected a weight (a finite number), found 'p'",
            "a\tx\tp\nb\ty\tq\n"u8.ToArray(),
            new ReadOptions { OnError = OnError.Skip });
    }

    [Fact]
    public void An_empty_file_can_be_accepted()
    {
        var (log, report) = TestText.Read("", new ReadOptions { AllowEmpty = true });
        Assert.Equal((0, 0, 0), (log.Count, log.UserIds.Count, report.Lines));
    }

    [Fact]
    public void Found_text_is_shortened_and_fits_on_one_line()
    {
        var error = Assert.Throws<MalformedInputException>(() => TestText.Read("a\tx\nb\u0007\u2028" + new string('ü', 500) + "\n"));
        Assert.Equal("f:2: expected 2 columns separated by tabs, found 'b\\u0007\\u2028" + new string('ü', 47) + "…'", error.Message);
        Assert.Equal(("f", 2), (error.Path, error.Line));
    }

    [Fact]
    public void Damaged_gzip_is_an_error()
    {
        byte[] packed = TestText.Gzip(Encoding.ASCII.GetBytes(string.Concat(Enumerable.Range(0, 50_000).Select(n => $"{n}\t{n * 7919 % 1000}\n"))));
        byte[] checksum = [.. packed];
        checksum[^6] ^= 0x55;
        var error = Assert.Throws<MalformedInputException>(() => TestText.Read(checksum));
        Assert.StartsWith("f: the gzip data is damaged or cut off after ", error.Message, StringComparison.Ordinal);
        for (int at = 20; at < packed.Length; at += 997)
        {
            // What comes out of altered data may stop making sense before the checksum is reached.
            byte[] altered = [.. packed];
            altered[at] ^= 0x55;
            Assert.Throws<MalformedInputException>(() => TestText.Read(altered));
        }

        foreach (int length in new[] { packed.Length / 2, packed.Length - 4, packed.Length - 9, 12 })
        {
            error = Assert.Throws<MalformedInputException>(() => TestText.Read(packed[..length]));
            Assert.StartsWith("f: the gzip data is damaged or cut off after ", error.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Files_that_are_not_there_or_no_files_are_named()
    {
        using var folder = new TemporaryFolder();
        string missing = Path.Combine(folder.Path, "missing.tsv");
        Assert.Equal($"{missing}: no such file", Assert.Throws<RecsysException>(() => Dataset.Load(missing)).Message);
        Assert.Equal($"{missing}/x: no such file", Assert.Throws<RecsysException>(() => Dataset.Load(missing + "/x")).Message);
        var error = Assert.Throws<MalformedInputException>(() => Dataset.Load(folder.Path));
        Assert.Equal($"{folder.Path}: expected a file, found a directory", error.Message);
    }

    private static void AssertFails(string message, byte[] text, ReadOptions? options)
    {
        var error = Assert.Throws<MalformedInputException>(() => TestText.Read(text, options));
        Assert.Equal(message, error.Message);
    }
}
