using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Recsys.Engine.Data;

namespace Recsys.Engine.Tests.Data;

public sealed class IdTableTests
{
    [Fact]
    public void A_table_behaves_like_a_dictionary()
    {
        // Short decimal numbers, their look-alikes with leading zeros, and texts, small and large alphabets.
        var id = Gen.OneOf(
            Gen.Choose(0, 2000).Select(n => n.ToString(System.Globalization.CultureInfo.InvariantCulture)),
            Gen.Choose(0, int.MaxValue).Select(n => n.ToString(System.Globalization.CultureInfo.InvariantCulture)),
            Gen.Choose(0, 200).Select(n => n.ToString("D5", System.Globalization.CultureInfo.InvariantCulture)),
            Gen.Elements("a", "b", "ü", "日", "0", "/", ":", " ", "\0", "-1").NonEmptyListOf().Select(string.Concat));
        Check.QuickThrowOnFailure(Prop.ForAll(Arb.From(id.ListOf(400)), ids =>
        {
            var table = new IdTable();
            var expected = new Dictionary<string, int>();
            foreach (string text in ids)
            {
                Assert.Equal(expected.TryGetValue(text, out int at) ? at : -1, table.TryGetIndex(text, out int found) ? found : -1);
                if (expected.TryAdd(text, expected.Count))
                {
                    at = expected.Count - 1;
                }

                Assert.Equal(at, table.GetOrAdd(text));
                Assert.Equal(text, table[at]);
            }

            Assert.Equal(expected.Count, table.Count);
            Assert.All(expected, e => Assert.True(table.TryGetIndex(e.Key, out int found) && found == e.Value));
        }));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(1_000_003)]
    public void Many_ids_far_apart_or_close_together_are_all_found(int step)
    {
        var table = new IdTable();
        for (long n = 0; n < 300_000; n++)
        {
            Assert.Equal((int)n, table.GetOrAdd(Encoding.ASCII.GetBytes($"{n * step}")));
        }

        for (long n = 299_999; n >= 0; n--)
        {
            Assert.True(table.TryGetIndex(Encoding.ASCII.GetBytes($"{n * step}"), out int index));
            Assert.Equal((int)n, index);
        }

        Assert.False(table.TryGetIndex("00", out _));
        Assert.False(table.TryGetIndex($"{300_000L * step}", out _));
    }

    [Fact]
    public void Numbers_are_read_from_all_texts_of_up_to_eight_digits_and_nothing_else()
    {
        for (int n = 0; n < 100_000_000; n += 1 + (n / 1000))
        {
            Assert.Equal((uint)n, IdBytes.Decimal(Encoding.ASCII.GetBytes($"{n}")));
        }

        Assert.Equal(99_999_999u, IdBytes.Decimal("99999999"u8));
        foreach (string text in new[] { "", "00", "01", "-1", "+1", "1 ", " 1", "1.", "100000000", "12a", "1:", "1/", "\u00b9", "1\u0000", "\u0000\u0000" })
        {
            Assert.Equal(IdBytes.NotDecimal, IdBytes.Decimal(Encoding.UTF8.GetBytes(text)));
        }

        for (int b = 0; b < 256; b++)
        {
            for (int length = 1; length <= 8; length++)
            {
                for (int at = 0; at < length; at++)
                {
                    byte[] text = new byte[length];
                    text.AsSpan().Fill((byte)'7');
                    text[at] = (byte)b;
                    bool number = b is >= '0' and <= '9' && !(b == '0' && at == 0 && length > 1);
                    Assert.Equal(number ? uint.Parse(Encoding.ASCII.GetString(text), null) : IdBytes.NotDecimal, IdBytes.Decimal(text));
                }
            }
        }
    }

    [Fact]
    public unsafe void What_follows_a_number_does_not_matter()
    {
        byte[] text = "1234567890123456"u8.ToArray();
        fixed (byte* p = text)
        {
            Assert.Equal(123u, IdBytes.DecimalPadded(p, 3));
            Assert.Equal(12345678u, IdBytes.DecimalPadded(p, 8));
            Assert.Equal(IdBytes.NotDecimal, IdBytes.DecimalPadded(p, 9));
            Assert.Equal(IdBytes.NotDecimal, IdBytes.DecimalPadded(p, 0));
        }
    }

    [Fact]
    public void A_copy_grows_apart()
    {
        var table = IdTable.FromStrings(["5", "x"]);
        var copy = table.Clone();
        Assert.Equal(2, copy.GetOrAdd("6"));
        Assert.Equal(2, table.GetOrAdd("y"));
        Assert.Equal(("6", "y"), (copy[2], table[2]));
        Assert.False(copy.TryGetIndex("y", out _));
    }

    [Fact]
    public void Empty_and_repeated_ids_are_refused()
    {
        Assert.Equal("id 1 is empty", Assert.Throws<RecsysException>(() => IdTable.FromStrings(["a", ""])).Message);
        Assert.Equal("id 'a' stands twice", Assert.Throws<RecsysException>(() => IdTable.FromStrings(["a", "a"])).Message);
        Assert.Throws<RecsysException>(() => new IdTable().GetOrAdd(""));
        Assert.False(new IdTable().TryGetIndex("", out _));
    }

    [Fact]
    public void More_bytes_than_a_table_holds_are_a_clear_error()
    {
        var table = new IdTable(maxBytes: 10);
        table.GetOrAdd("abcdef");
        var error = Assert.Throws<RecsysException>(() => table.GetOrAdd("ghijk"));
        Assert.Equal("the ids take more than 10 bytes together; give shorter ids", error.Message);
        Assert.Equal((1, 0), (table.Count, table.GetOrAdd("abcdef")));
    }

    [Fact]
    public void Sequential_ids_are_the_decimal_numbers() =>
        Assert.Equal(["0", "1", "2"], Enumerable.Range(0, 3).Select(i => IdTable.Sequential(3)[i]));
}
