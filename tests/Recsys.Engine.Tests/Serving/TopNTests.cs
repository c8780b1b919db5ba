using FsCheck;
using FsCheck.Fluent;
using Recsys.Engine.Models;
using Recsys.Engine.Numerics;
using Recsys.Engine.Serving;

namespace Recsys.Engine.Tests.Serving;

public sealed class TopNTests
{
    private static readonly SimdLevel[] Levels = Enum.GetValues<SimdLevel>();

    [Fact]
    public void The_best_come_first_and_equal_scores_in_item_order()
    {
        float[] scores = [1, 3, 2, 3, -1, 2, 0];
        var results = new ScoredItem[5];
        Assert.Equal(5, TopN.Select(scores, [], ItemFilter.Default, results));
        Assert.Equal([new(1, 3), new(3, 3), new(2, 2), new(5, 2), new(0, 1)], results);

        Assert.Equal(5, TopN.SelectLowest(scores, [], ItemFilter.Default, results));
        Assert.Equal([new(4, -1), new(6, 0), new(0, 1), new(2, 2), new(5, 2)], results);
    }

    [Fact]
    public void Every_filter_leaves_out_its_items()
    {
        float[] scores = [9, 8, 7, 6, 5, 4, 3];
        var results = new ScoredItem[3];
        var filter = new ItemFilter { Exclude = new[] { 1, 3 }, Allowed = new ulong[] { 0b1111011 } };
        Assert.Equal(3, TopN.Select(scores, [0], filter, results));
        Assert.Equal([4, 5, 6], results.Select(r => r.Item));
        Assert.Equal(3, TopN.Select(scores, [0], filter with { KeepSeen = true }, results));
        Assert.Equal([0, 4, 5], results.Select(r => r.Item));
    }

    [Fact]
    public void Fewer_eligible_items_than_asked_for_are_all_returned()
    {
        var results = new ScoredItem[10];
        Assert.Equal(2, TopN.Select([1, 2, 3], [1], ItemFilter.Default, results));
        Assert.Equal([new(2, 3), new(0, 1)], results[..2]);
        Assert.Equal(0, TopN.Select([], [], ItemFilter.Default, results));
        Assert.Equal(0, TopN.Select([1, 2], [0, 1], ItemFilter.Default, results));
        Assert.Equal(0, TopN.Select([1, 2], [], ItemFilter.Default, []));
    }

    [Fact]
    public void NaN_is_never_returned_and_infinities_are()
    {
        foreach (var level in Levels)
        {
            var scores = new float[300];
            Array.Fill(scores, float.NaN);
            scores[0] = float.NegativeInfinity;
            scores[70] = float.PositiveInfinity;
            scores[150] = -0f;
            scores[151] = 0f;
            scores[299] = float.NegativeInfinity;
            foreach (int n in new[] { 1, 3, 4, 5, 20 })
            {
                var results = new ScoredItem[n];
                int count = TopN.Select(scores, [], ItemFilter.Default, results, lowest: false, level);
                int[] expected = [70, 150, 151, 0, 299];
                Assert.Equal(expected.Take(n), results[..count].Select(r => r.Item));
                count = TopN.Select(scores, [], ItemFilter.Default, results, lowest: true, level);
                int[] lowest = [0, 299, 150, 151, 70];
                Assert.Equal(lowest.Take(n), results[..count].Select(r => r.Item));
            }
        }
    }

    [Fact]
    public void All_scores_equal_returns_the_first_items_that_are_eligible()
    {
        foreach (var level in Levels)
        {
            var results = new ScoredItem[40];
            int[] seen = [.. Enumerable.Range(0, 30), 63, 64, 65];
            Assert.Equal(40, TopN.Select(new float[1000], seen, ItemFilter.Default, results, lowest: false, level));
            Assert.Equal(Enumerable.Range(0, 1000).Except(seen).Take(40), results.Select(r => r.Item));
        }
    }

    [Fact]
    public void The_whole_ranking_may_be_asked_for()
    {
        var random = new Random(5);
        var scores = new float[20_000];
        foreach (ref float s in scores.AsSpan())
        {
            s = random.Next(2000) / 100f;
        }

        foreach (int n in new[] { 5000, 19_999, 20_000, 25_000 })
        {
            var results = new ScoredItem[n];
            int count = TopN.Select(scores, [3, 17, 19_998], ItemFilter.Default, results);
            Assert.Equal(TopNOracle.Select(scores, new HashSet<int> { 3, 17, 19_998 }, ItemFilter.Default, n), results[..count]);
        }
    }

    [Fact]
    public void Rising_and_falling_scores_are_selected_alike()
    {
        foreach (bool rising in new[] { true, false })
        {
            float[] scores = [.. Enumerable.Range(0, 10_007).Select(i => (float)(rising ? i : -i))];
            var results = new ScoredItem[33];
            Assert.Equal(33, TopN.Select(scores, [], ItemFilter.Default, results));
            Assert.Equal(TopNOracle.Select(scores, [], ItemFilter.Default, 33), results);
        }
    }

    [Fact]
    public void Any_scores_and_filters_give_what_sorting_everything_gives() =>
        Prop.ForAll(Cases().ToArbitrary(), c => Levels.All(level => new[] { false, true }.All(lowest =>
        {
            var results = new ScoredItem[c.N];
            int count = TopN.Select(c.Scores, c.Seen, c.Filter, results, lowest, level);
            return results.AsSpan(0, count).SequenceEqual(TopNOracle.Select(c.Scores, c.Seen, c.Filter, c.N, lowest));
        }))).Check(Config.QuickThrowOnFailure.WithMaxTest(300));

    [Fact]
    public void As_many_results_come_back_as_are_asked_for_whenever_that_many_items_are_eligible() =>
        Prop.ForAll(Cases().ToArbitrary(), c =>
        {
            var results = new ScoredItem[c.N];
            int count = TopN.Select(c.Scores, c.Seen, c.Filter, results);
            int eligible = Enumerable.Range(0, c.Scores.Length)
                .Count(i => !float.IsNaN(c.Scores[i]) && TopNOracle.IsEligible(i, c.Seen, c.Filter));
            return count == Math.Min(c.N, eligible);
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(300));

    [Fact]
    public void Selecting_allocates_nothing()
    {
        var scores = new float[5000];
        new Random(1).NextBytes(System.Runtime.InteropServices.MemoryMarshal.AsBytes(scores.AsSpan()));
        var results = new ScoredItem[100];
        var filter = new ItemFilter { Exclude = new[] { 5, 9 }, Allowed = Enumerable.Repeat(~0UL, 79).ToArray() };
        int[] seen = [1, 2, 3];
        _ = TopN.Select(scores, seen, filter, results);

        Assert.Equal(0, Allocation.Least(() =>
        {
            for (int i = 0; i < 100; i++)
            {
                _ = TopN.Select(scores, seen, filter, results);
            }
        }));
    }

    private static Gen<Case> Cases() =>
        from seed in Gen.Choose(0, int.MaxValue)
        from items in Gen.Choose(0, 400)
        from n in Gen.Choose(0, 60)
        from distinct in Gen.Elements(2, 10, 100_000)
        from seenShare in Gen.Elements(0, 5, 90)
        from excludeShare in Gen.Elements(0, 5, 60)
        from allowedShare in Gen.Elements(-1, 3, 50, 100)
        select Case.Make(seed, items, n, distinct, seenShare, excludeShare, allowedShare);

    private sealed record Case(float[] Scores, int[] Seen, ItemFilter Filter, int N)
    {
        public static Case Make(int seed, int items, int n, int distinct, int seenShare, int excludeShare, int allowedShare)
        {
            var random = new Random(seed);
            var scores = new float[items];
            foreach (ref float s in scores.AsSpan())
            {
                int draw = random.Next(100);
                s = draw == 0 ? float.NaN : draw == 1 ? float.NegativeInfinity : (random.Next(distinct) - (distinct / 2)) / 8f;
            }

            int[] Some(int share) => [.. Enumerable.Range(0, items + 3).Where(_ => random.Next(100) < share)];
            ReadOnlyMemory<ulong>? allowed = null;
            if (allowedShare >= 0)
            {
                // Sometimes shorter than the items, sometimes longer.
                var words = new ulong[random.Next((items / 64) + 2)];
                for (int i = 0; i < words.Length * 64; i++)
                {
                    words[i >> 6] |= (random.Next(100) < allowedShare ? 1UL : 0) << (i & 63);
                }

                allowed = words;
            }

            var filter = new ItemFilter { KeepSeen = random.Next(4) == 0, Exclude = Some(excludeShare), Allowed = allowed };
            return new Case(scores, Some(seenShare), filter, n);
        }
    }
}
