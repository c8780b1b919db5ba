using Recsys.Engine.Storage;

namespace Recsys.Engine.Tests.Storage;

public sealed class Crc32CTests
{
    [Fact]
    public void Known_values_come_out()
    {
        Assert.Equal(0xE3069283u, Crc32C.Compute("123456789"u8));
        Assert.Equal(0x8A9136AAu, Crc32C.Compute(new byte[32])); // RFC 3720, B.4
        Assert.Equal(0x62A8AB43u, Crc32C.Compute(Enumerable.Repeat((byte)0xFF, 32).ToArray()));
        Assert.Equal(0u, Crc32C.Compute([]));
    }

    [Fact]
    public void The_instruction_and_the_tables_agree_at_every_length_and_split()
    {
        var bytes = new byte[300];
        new Random(5).NextBytes(bytes);
        for (int n = 0; n <= bytes.Length; n++)
        {
            uint whole = Crc32C.Compute(bytes.AsSpan(0, n));
            Assert.Equal(whole, Crc32C.AppendPortable(0, bytes.AsSpan(0, n)));
            Assert.Equal(whole, Crc32C.Append(Crc32C.Append(0, bytes.AsSpan(0, n / 3)), bytes.AsSpan(n / 3, n - (n / 3))));
        }
    }
}
