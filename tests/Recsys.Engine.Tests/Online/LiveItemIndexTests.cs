using Recsys.Engine.Models;
using Recsys.Engine.Numerics;
using Recsys.Engine.Online;
using Recsys.Engine.Serving;

namespace Recsys.Engine.Tests.Online;

/// <summary>An index of factors that change finds what scoring all of them finds.</summary>
public sealed class LiveItemIndexTests
{
    [Theory]
    [InlineData(500, 1)]
    [InlineData(12_000, 2)]
    public void Whatever_changes_the_best_are_those_of_all_present_factors(int items, int seed)
    {
        const int k = 12;
        var random = new Random(seed);
        using var factors = new DenseMatrix(items + 1000, k);
        for (int i = 0; i < items; i++)
        {
            Renew(factors.Row(i), random);
        }

        var index = new LiveItemIndex();
        int certain = 0;
        for (int round = 0; round < 60; round++)
        {
            float[] user = [.. Enumerable.Range(0, k).Select(_ => (float)(random.NextDouble() - 0.4))];
            int[] seen = [.. Enumerable.Range(0, items).Where(_ => random.Next(50) == 0)];
            var filter = new ItemFilter
            {
                KeepSeen = random.Next(3) == 0,
                Exclude = Enumerable.Range(0, items).Where(_ => random.Next(40) == 0).ToArray(),
                Allowed = random.Next(2) == 0
                    ? Enumerable.Range(0, (items + 63) / 64).Select(_ => (ulong)random.NextInt64()).ToArray()
                    : default(ReadOnlyMemory<ulong>?),
            };
            var scores = new float[items];
            Rescoring.Score(factors, items, user, scores);
            var expected = new ScoredItem[20];
            int count = TopN.Select(scores, seen, filter, expected);
            var results = new ScoredItem[20];
            if (index.TryTop(factors, items, user, seen, filter, results, out int found))
            {
                certain++;
                Assert.Equal(expected[..count], results[..found]);
            }

            // A few factors change, the best one among them; now and then many; new items come, some without factors yet.
            int[] changed = [expected[0].Item, .. Enumerable.Range(0, round % 10 == 9 ? 3 * items / 32 : 3).Select(_ => random.Next(items)).Distinct()];
            foreach (int item in changed)
            {
                Renew(factors.Row(item), random);
            }

            index.Change(changed);
            int more = round % 4;
            index.Change(Enumerable.Range(items, more));
            for (int i = 0; i < more; i += 2)
            {
                Renew(factors.Row(items + i), random);
            }

            items += more;
        }

        Assert.InRange(certain, 55, 60);
    }

    private static void Renew(Span<float> row, Random random)
    {
        foreach (ref float x in row)
        {
            x = (float)(random.NextDouble() - 0.5);
        }
    }
}
