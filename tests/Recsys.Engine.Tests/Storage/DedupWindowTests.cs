using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Recsys.Engine.Storage;

namespace Recsys.Engine.Tests.Storage;

public sealed class DedupWindowTests
{
    [Fact]
    public void SipHash_gives_the_values_of_its_authors()
    {
        // The reference's vectors_sip128: key 00…0f, messages of 0 and 1 bytes 00, 01, ….
        var hash = new SipHash([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15]);
        Assert.Equal(new UInt128(0x930255c71472f66d, 0xe6a825ba047f81a3), hash.Hash([]));
        Assert.Equal(new UInt128(0x45fc229b11597634, 0x44af996bd8c187da), hash.Hash([0]));
    }

    [Fact]
    public void Exactly_what_was_added_lately_is_known()
    {
        Prop.ForAll(Gen.Choose(0, 60).ListOf(300).Zip(Gen.Choose(1, 50)).ToArbitrary(), pair =>
        {
            var (ids, capacity) = pair;
            var window = new DedupWindow(capacity);
            var accepted = new List<int>();
            foreach (int id in ids)
            {
                bool recent = accepted.TakeLast(capacity).Contains(id);
                bool isNew = window.Add(Encoding.UTF8.GetBytes($"{id}"));
                Assert.False(recent && isNew, "an id of the last ones is known");
                Assert.True(isNew || accepted.TakeLast(2 * capacity).Contains(id), "what is said to be known was added");
                Assert.True(window.Contains(Encoding.UTF8.GetBytes($"{id}")));
                if (isNew)
                {
                    accepted.Add(id);
                }
            }

            Assert.InRange(window.Count, Math.Min(accepted.Count, capacity), 2 * capacity);
        }).Check(Config.QuickThrowOnFailure);
    }

    [Fact]
    public void Many_ids_fit()
    {
        var window = new DedupWindow(100_000);
        for (int i = 0; i < 250_000; i++)
        {
            Assert.True(window.Add(BitConverter.GetBytes(i)));
        }

        for (int i = 150_000; i < 250_000; i++)
        {
            Assert.False(window.Add(BitConverter.GetBytes(i)));
        }
    }
}
