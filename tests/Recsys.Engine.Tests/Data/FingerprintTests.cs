using System.Text;
using Recsys.Engine.Data;

namespace Recsys.Engine.Tests.Data;

public sealed class FingerprintTests
{
    private const string Text = "a\tx\t2\nb\ty\t1\na\ty\t1\n7\tx\t1\n";

    [Theory]
    [InlineData("7\tx\t1\na\ty\t1\nb\ty\t1\na\tx\t2\n")]
    [InlineData("a\tx\t1\na\tx\t1\nb\ty\t1\na\ty\t1\n7\tx\t1\n")]
    [InlineData("rating,item,user\n1,x,7\n1,y,a\n1,y,b\n2,x,a\n")]
    [InlineData("a x x y\nb y\n7 x\n")]
    public void The_same_data_in_another_form_has_the_same_fingerprint(string other)
    {
        string expected = Of(Text);
        Assert.Equal(64, expected.Length);
        Assert.Equal(expected, Of(other));
    }

    [Theory]
    [InlineData("a\tx\t2\nb\ty\t1\na\ty\t1\n8\tx\t1\n")]
    [InlineData("a\tx\t3\nb\ty\t1\na\ty\t1\n7\tx\t1\n")]
    [InlineData("a\tx\t2\nb\ty\t1\na\ty\t1\n7\ty\t1\n")]
    [InlineData("a\tx\t2\nb\ty\t1\na\ty\t1\n")]
    [InlineData("a\tx\t2\nb\ty\t1\na\ty\t1\n7\tx\t1\n7\tz\t1\n")]
    [InlineData("x\ta\t2\ny\tb\t1\ny\ta\t1\nx\t7\t1\n")]
    public void Other_data_has_another(string other) => Assert.NotEqual(Of(Text), Of(other));

    [Fact]
    public void It_stays_what_it_is()
    {
        // The definition, written out by hand.
        var stream = new MemoryStream();
        using (var writer = new BinaryWriter(stream))
        {
            writer.Write("recsys-data-1"u8);
            writer.Write(2L);
            writer.Write(2L);
            writer.Write(3L);
            Id("x");
            Id("y");
            Id("a");
            writer.Write(2);
            writer.Write(0);
            writer.Write(2f);
            writer.Write(1);
            writer.Write(1f);
            Id("b");
            writer.Write(1);
            writer.Write(1);
            writer.Write(1f);

            void Id(string id)
            {
                writer.Write(id.Length);
                writer.Write(Encoding.UTF8.GetBytes(id));
            }
        }

        string expected = Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(stream.ToArray()));
        Assert.Equal(expected, Of("b\ty\t1\na\ty\t1\na\tx\t2\n"));
    }

    [Fact]
    public void Long_ids_count_in_full()
    {
        string longId = new('q', 200_000);
        Assert.NotEqual(Of($"{longId}1\tx\nb\ty\n"), Of($"{longId}2\tx\nb\ty\n"));
    }

    private static string Of(string text) => TestText.Read(text).Log.ToDataset().Fingerprint();
}
