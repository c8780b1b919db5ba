using FsCheck;
using FsCheck.Fluent;
using Recsys.Engine.Slim;

namespace Recsys.Engine.Tests.Slim;

public sealed class SmallestFirstTests
{
    [Fact]
    public void The_smallest_keys_come_first() =>
        Check.QuickThrowOnFailure(Prop.ForAll<ulong[], byte>((any, at) =>
        {
            ulong[] keys = [.. any.Distinct()];
            int count = keys.Length == 0 ? 0 : 1 + (at % keys.Length);
            ulong[] expected = [.. keys.Order().Take(count)];
            if (count > 0)
            {
                SmallestFirst.Partition(keys, count);
            }

            return keys.Take(count).Order().SequenceEqual(expected);
        }));

    [Fact]
    public void Keys_in_order_and_in_reverse_are_no_special_case()
    {
        for (int count = 1; count <= 100; count++)
        {
            ulong[] ascending = [.. Enumerable.Range(0, 100).Select(i => (ulong)i)];
            ulong[] descending = [.. ascending.Reverse()];
            SmallestFirst.Partition(ascending, count);
            SmallestFirst.Partition(descending, count);
            Assert.True(ascending.Take(count).All(k => k < (ulong)count));
            Assert.True(descending.Take(count).All(k => k < (ulong)count));
        }
    }
}
