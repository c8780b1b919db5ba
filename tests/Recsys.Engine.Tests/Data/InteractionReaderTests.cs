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
    [InlineData("1\t2\t6\t88\n1\t3\t1\t99\n", InteractionFormat.Tsv, "1 2 6 @88|1 3 1 @99")]
    [InlineData("1::2::3::88\n1::3::1.5::99\n", InteractionFormat.MovieLensDat, "1 2 3 @88|1 3 1.5 @99")]
    [InlineData("a:b::c::3::88\r\n", InteractionFormat.MovieLensDat, "a:b c 3 @88")]
    [InlineData("userId,movieId,rating,timestamp\r\n1,2,3.0,88\r\n", InteractionFormat.MovieLensCsv, "1 2 3 @88")]
    [InlineData("a,x,2\nb,y,3\n", InteractionFormat.Csv, "a x 2|b y 3")]
    [InlineData("a, x ,2\n b,y, 3\n", InteractionFormat.Csv, "a x 2|b y 3")]
    [InlineData("time,item_id,junk,User ID\n7,x,?,a\n", InteractionFormat.Csv, "a x 1 @7")]
    [InlineData("\"user\";\"item\"\n", InteractionFormat.Csv, "")]
    [InlineData("\"a,b\",\"say \"\"x\"\"\"\n\"c\nd\",y\n", InteractionFormat.Csv, "a,b say \"x\" 1|c\nd y 1")]
    [InlineData("\"a\",\" x \" ,\"2\"\r\n\"b\" , \"y\",\"3\"\r\n", InteractionFormat.Csv, "a  x  2|b y 3")]
    [InlineData("a\"b,x\"\nc,y\n", InteractionFormat.Csv, "a\"b x\" 1|c y 1")]
    [InlineData("\"a\tb\"\tx\nc\t\"#y\" \n", InteractionFormat.Tsv, "a\tb x 1|c #y 1")]
    [InlineData("\"a\tb\",x\n", InteractionFormat.Csv, "a\tb x 1")]
    [InlineData("a\t#x\n#a\tx\n", InteractionFormat.Tsv, "a #x 1")]
    [InlineData("u i j k\nv i\nw\n", InteractionFormat.Adjacency, "u i 1|u j 1|u k 1|v i 1")]
    [InlineData("u  i  j \r\n\r\nv\ti", InteractionFormat.Adjacency, "u i 1|u j 1|v i 1")]
    [InlineData("1 2\n3 4\n5 6\n", InteractionFormat.Adjacency, "1 2 1|3 4 1|5 6 1")]
    [InlineData("2 7 9\n0\n1 7\n", InteractionFormat.CountedAdjacency, "0 7 1|0 9 1|2 7 1")]
    [InlineData("Ünï\t日本\nb\ty\n", InteractionFormat.Tsv, "Ünï 日本 1|b y 1")]
    [InlineData("007\t7\n7\t0\n00\t123456789012345678901\n", InteractionFormat.Tsv, "007 7 1|7 0 1|00 123456789012345678901 1")]
    [InlineData("a\tx\t1e1\t2020-01-02T03:04:05Z\na\ty\t+2.5\t2020-01-02 03:04:05\n", InteractionFormat.Tsv, "a x 10 @1577934245|a y 2.5 @1577934245")]
    [InlineData("a,x,1,978300760.0\na,y,1,-5\na,z,1,2020-01-02\n", InteractionFormat.Csv, "a x 1 @978300760|a y 1 @-5|a z 1 @1577923200")]
    public void Layouts_are_detected_and_read(string text, InteractionFormat format, string expected)
    {
        var (log, report) = TestText.Read(text, new ReadOptions { AllowEmpty = expected.Length == 0, Separator = text.Contains(';', StringComparison.Ordinal) ? ';' : null });
        Assert.Equal(format, report.Format);
        Assert.Equal(expected, TestText.Show(log));
        Assert.Equal(log.Count, report.Interactions);
        Assert.Equal(text.TrimEnd('\n').Count(c => c == '\n') + 1, report.Lines);
        Assert.Equal(0, report.Skipped);
    }

    [Theory]
    [InlineData("a b 2\nc d 3\n", InteractionFormat.Space, "a b 2|c d 3")]
    [InlineData("a b 2 7\nc  d 3\t8\n", InteractionFormat.Space, "a b 2 @7|c d 3 @8")]
    [InlineData("a b 2\nc d 3\n", InteractionFormat.Adjacency, "a b 1|a 2 1|c d 1|c 3 1")]
    [InlineData("1 5\n1 6\n", InteractionFormat.CountedAdjacency, "0 5 1|1 6 1")]
    [InlineData("1 5\n1 6\n", InteractionFormat.Adjacency, "1 5 1|1 6 1")]
    [InlineData("a,b\tc\n", InteractionFormat.Csv, "a b\tc 1")]
    [InlineData("1::2\n", InteractionFormat.MovieLensDat, "1 2 1")]
    [InlineData("1\t2\t3\t4\n", InteractionFormat.Tsv, "1 2 3 @4")]
    public void A_named_layout_is_not_guessed(string text, InteractionFormat format, string expected)
    {
        var (log, report) = TestText.Read(text, new ReadOptions { Format = format });
        Assert.Equal(format, report.Format);
        Assert.Equal(expected, TestText.Show(log));
    }

    [Theory]
    [InlineData("who,what,n\na,x,2\n", "who", "what", null, null, "a x 1")]
    [InlineData("who,what,n\na,x,2\n", "WHO", "what", "n", null, "a x 2")]
    [InlineData("x,a,9,2\n", "2", "1", "4", null, "a x 2")]
    [InlineData("x,a,9,2\n", "2", "1", "4", "3", "a x 2 @9")]
    [InlineData("x,a,q,q,q,2\n", "2", "1", null, null, "a x 1")]
    [InlineData("item,user,rating,weight\nx,a,9,2\n", null, null, null, null, "a x 2")]
    [InlineData("item,user,rating,weight\nx,a,9,2\n", null, null, "rating", null, "a x 9")]
    [InlineData("item,user,rating,weight\nx,a,9,2\n", "1", "2", "3", null, "x a 9")]
    public void Columns_are_taken_by_name_or_number(string text, string? user, string? item, string? weight, string? time, string expected)
    {
        var options = new ReadOptions { UserColumn = user, ItemColumn = item, WeightColumn = weight, TimeColumn = time };
        Assert.Equal(expected, TestText.Show(TestText.Read(text, options).Log));
    }

    [Fact]
    public void A_header_can_be_declared_absent_or_present()
    {
        Assert.Equal("user item 1|a x 1", TestText.Show(TestText.Read("user\titem\na\tx\n", new ReadOptions { Header = false }).Log));
        var present = new ReadOptions { Header = true, UserColumn = "1", ItemColumn = "2" };
        Assert.Equal("a x 1", TestText.Show(TestText.Read("who\twhat\na\tx\n", present).Log));
    }

    [Fact]
    public void Zero_weights_say_that_there_is_no_interaction()
    {
        var (log, report) = TestText.Read("a\tx\t0\nb\ty\t2\nb\tz\t0.0\n");
        Assert.Equal("b y 2", TestText.Show(log));
        Assert.Equal((2, 1, 1), (report.ZeroWeights, log.UserIds.Count, log.ItemIds.Count));
    }

    [Fact]
    public void A_minimum_weight_leaves_the_others_out_and_binary_forgets_the_rest()
    {
        const string text = "a\tx\t3\na\ty\t4\nb\tx\t5\nb\tx\t5\n";
        var options = new ReadOptions { MinWeight = 4 };
        var (log, report) = TestText.Read(text, options);
        Assert.Equal("a y 4|b x 5|b x 5", TestText.Show(log));
        Assert.Equal(1, report.BelowMinimum);
        using var folder = new TemporaryFolder();
        string path = folder.File("r.tsv", text);
        Assert.Equal("a y 4|b x 10", TestText.Show(Dataset.Load(path, options)));
        var binary = Dataset.Load(path, options with { Binary = true }, null, out report);
        Assert.Equal("a y 1|b x 1", TestText.Show(binary));
        Assert.False(binary.Interactions.HasValues);
        Assert.Equal(1, report.Duplicates);
    }

    [Fact]
    public void Weights_that_are_all_1_are_not_stored()
    {
        Assert.False(TestText.Read("a\tx\t1\nb\ty\t1.0\n").Log.HasWeights);
        var log = TestText.Read("a\tx\t1\nb\ty\t1.0\nb\tx\t2\n").Log;
        Assert.Equal([1f, 1f, 2f], log.Weights.ToArray());
    }

    [Fact]
    public void Negative_weights_are_kept_where_they_are_allowed()
    {
        var (log, _) = TestText.Read("a\tx\t-2.5\na\ty\t1\n", new ReadOptions { AllowNegative = true });
        Assert.Equal("a x -2.5|a y 1", TestText.Show(log));
    }

    [Fact]
    public void Times_are_kept_unless_asked_not_to()
    {
        Assert.False(TestText.Read("a\tx\t1\t5\n", new ReadOptions { KeepTimes = false }).Log.HasTimes);
        Assert.False(TestText.Read("a\tx\t1\n").Log.HasTimes);
    }

    [Theory]
    [InlineData("0.1")]
    [InlineData("16777217")]
    [InlineData("1.00000017881393432617187499")]
    [InlineData("1.00000017881393432617187500")]
    [InlineData("1.00000017881393432617187501")]
    [InlineData("1.000000059604645")]
    [InlineData("3.4028235e38")]
    [InlineData("1e-45")]
    [InlineData("123456789012345")]
    [InlineData("0.000000000000001")]
    [InlineData("999999999999999999999")]
    [InlineData(".5")]
    [InlineData("5.")]
    public void Weights_are_the_nearest_floats(string text)
    {
        float expected = float.Parse(text, System.Globalization.CultureInfo.InvariantCulture);
        Assert.Equal(expected, TestText.Read($"a\tx\t{text}\nb\ty\t7\n").Log.Weights[0]);
    }

    [Fact]
    public void Known_ids_keep_their_indices_and_unknown_ones_are_added_to_a_copy()
    {
        var items = IdTable.FromStrings(["x", "y"]);
        var (log, _) = TestText.Read("a\tz\nb\ty\n", new ReadOptions { Items = items });
        Assert.Equal([2, 1], log.Items.ToArray());
        Assert.Equal((3, 2), (log.ItemIds.Count, items.Count));
        Assert.False(items.TryGetIndex("z", out _));
    }

    [Fact]
    public void Unknown_ids_can_be_dropped_and_leave_no_trace()
    {
        var options = new ReadOptions { Items = IdTable.FromStrings(["x", "7"]), UnknownItems = UnknownIds.Drop };
        var (log, report) = TestText.Read("a\tz\nb\t7\nc\t8\nb\tx\n", options);
        Assert.Equal("b 7 1|b x 1", TestText.Show(log));
        Assert.Equal((2, 1), (report.UnknownItems, log.UserIds.Count));
        Assert.Same(options.Items, log.ItemIds);
        options = options with { Users = IdTable.FromStrings(["b"]), UnknownUsers = UnknownIds.Drop };
        (log, report) = TestText.Read("a\tx\nb\tz\nb\t7\n", options);
        Assert.Equal("b 7 1", TestText.Show(log));
        Assert.Equal((1, 1), (report.UnknownItems, report.UnknownUsers));
        (log, report) = TestText.Read("b z x\na x 7\n9\n", options with { Format = InteractionFormat.Adjacency });
        Assert.Equal("b x 1", TestText.Show(log));
        Assert.Equal((1, 2), (report.UnknownItems, report.UnknownUsers));
    }

    [Fact]
    public void A_user_of_an_adjacency_list_without_items_is_a_user()
    {
        var (log, _) = TestText.Read("a x\nb\nc x y\n");
        Assert.Equal((3, 3), (log.UserIds.Count, log.Count));
        Assert.Equal(0, log.ToDataset().Interactions.RowLength(1));
    }

    [Fact]
    public void Gzip_is_unpacked_even_in_several_members()
    {
        byte[] packed = [.. TestText.Gzip(Encoding.UTF8.GetBytes("\uFEFFa\tx\nb\t")), .. TestText.Gzip("y\nc\tz"u8.ToArray())];
        var (log, report) = TestText.Read(packed);
        Assert.True(report.Compressed);
        Assert.Equal("a x 1|b y 1|c z 1", TestText.Show(log));
    }

    [Fact]
    public void Records_may_span_the_blocks_of_a_long_file()
    {
        // Three blocks and more; quoted line ends and an unusual record every so often, and long ones across the joints.
        var text = new StringBuilder();
        var expected = new List<string>();
        for (int n = 0; text.Length < 3_500_000; n++)
        {
            string user = n % 7 == 0 ? $"u\n{n}" : $"u{n % 1000}";
            string item = n % 11 == 0 ? new string('x', n % 5000) + "y" : $"{n % 300}";
            text.Append(n % 7 == 0 ? $"\"{user}\"" : user).Append('\t').Append(item).Append(n % 3 == 0 ? "\r\n" : "\n");
            text.Append(n % 97 == 0 ? "# comment\n\n" : "");
            expected.Add($"{user} {item} 1");
        }

        byte[] bytes = Encoding.UTF8.GetBytes(text.ToString());
        foreach (byte[] form in new[] { bytes, TestText.Gzip(bytes) })
        {
            var (log, report) = TestText.Read(form);
            Assert.Equal(expected, TestText.Show(log).Split('|'));
            Assert.Equal(bytes.Count(b => b == '\n'), report.Lines);
            Assert.Equal(bytes.Length, report.Bytes);
        }
    }

    [Fact]
    public void A_line_may_be_longer_than_a_block()
    {
        string line = "u " + string.Join(' ', Enumerable.Range(0, 400_000));
        var (log, _) = TestText.Read("t 5\n" + line + "\nv 7 8\n");
        Assert.Equal(400_003, log.Count);
        Assert.Equal("399999", log.ItemIds[log.Items[^3]]);
    }

    [Fact]
    public void Ids_that_are_not_numbers_and_ids_that_are_go_together()
    {
        // Numbers join the direct part of the table at different times; none of them may be found twice.
        var text = new StringBuilder();
        for (int n = 0; n < 30_000; n++)
        {
            text.Append(n * 7919L % 99_999_999).Append('\t').Append(n % 2 == 0 ? "k" : "").Append(n % 1000).Append('\n');
        }

        string once = text.ToString();
        var (log, _) = TestText.Read(once + once);
        Assert.Equal((30_000, 1000), (log.UserIds.Count, log.ItemIds.Count));
        Assert.Equal(log.Users[..30_000], log.Users[30_000..]);
    }

    [Fact]
    public void Reading_tells_how_far_it_is_and_can_be_cancelled()
    {
        using var source = new CancellationTokenSource();
        byte[] text = Encoding.UTF8.GetBytes(string.Concat(Enumerable.Range(0, 600_000).Select(n => $"{n}\t1\n")));
        var seen = new List<long>();
        var progress = new Reporter(bytes =>
        {
            seen.Add(bytes);
            if (seen.Count == 2)
            {
                source.Cancel();
            }
        });
        Assert.Throws<OperationCanceledException>(() => InteractionReader.Read(new MemoryStream(text), "f", null, progress, source.Token));
        Assert.Equal(2, seen.Count);
        seen.Clear();
        InteractionReader.Read(new MemoryStream(text), "f", null, new Reporter(seen.Add));
        Assert.Equal(text.Length, seen[^1]);
        Assert.Equal(seen.Order(), seen);
    }

    private sealed class Reporter(Action<long> report) : IProgress<long>
    {
        public void Report(long value) => report(value);
    }
}
