using FsCheck;
using FsCheck.Fluent;
using Recsys.Engine.Negatives;

namespace Recsys.Engine.Tests.Negatives;

public sealed class SamplerPropertyTests
{
    private static readonly string[] Specs =
    [
        "uniform", "popularity", "popularity:0", "popularity:1", "in-batch:8", "hard:3", "hard:2:in-batch:5",
        "hard:4:popularity:0.5", "mixed:0.3:hard:2:popularity", "mixed:0.5:hard:2:in-batch",
    ];

    [Fact]
    public void No_sampler_ever_draws_an_item_of_the_history_or_the_positive()
    {
        var cases =
            from items in Gen.Choose(1, 40)
            from counts in Gen.Choose(0, 50).ArrayOf(items)
            from seen in ArbMap.Default.GeneratorFor<bool>().ArrayOf(items)
            from positive in Gen.Choose(0, items - 1)
            from seed in Gen.Choose(0, int.MaxValue)
            select (counts, seen, positive, seed);
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(300), Prop.ForAll(cases.ToArbitrary(), c =>
        {
            var counts = new ItemCounts(c.counts.Length);
            for (int i = 0; i < c.counts.Length; i++)
            {
                counts.Add(i, c.counts[i]);
            }

            int[] history = Enumerable.Range(0, c.counts.Length).Where(i => c.seen[i]).ToArray();
            return Specs.All(text => DrawsOnlyUnseen(text, counts, history, c.positive, (ulong)c.seed));
        }));
    }

    [Fact]
    public void Draws_depend_on_the_key_alone_not_on_what_was_drawn_before()
    {
        var counts = new ItemCounts(100);
        for (int i = 0; i < 100; i++)
        {
            counts.Add(i, i + 1);
        }

        foreach (string text in Specs)
        {
            var once = NegativeSamplerSpec.Parse(text).CreateLive(counts);
            var other = NegativeSamplerSpec.Parse(text).CreateFixed(counts);
            var items = new int[5];
            foreach (var sampler in new[] { once, other })
            {
                for (int i = 0; i < 20; i++)
                {
                    sampler.Clicked(i);
                }

                sampler.Sample(new NegativeRequest(77, 3, [1, 2], new Flat()), items);
                var first = items.ToArray();
                sampler.Sample(new NegativeRequest(78, 3, [1, 2], new Flat()), items);
                Assert.NotEqual(first, items);
                sampler.Sample(new NegativeRequest(77, 3, [1, 2], new Flat()), items);
                Assert.Equal(first, items);
            }
        }
    }

    [Fact]
    public void Sampling_allocates_nothing()
    {
        var counts = new ItemCounts(1000);
        for (int i = 0; i < 1000; i++)
        {
            counts.Add(i, i + 1);
        }

        var items = new int[8];
        var scorer = new Flat();
        foreach (string text in Specs)
        {
            var sampler = NegativeSamplerSpec.Parse(text).CreateLive(counts);
            sampler.Clicked(5);
            sampler.Clicked(6);
            sampler.Sample(new NegativeRequest(1, 3, [1, 2], scorer), items);
            Assert.Equal(0, Allocation.Least(() =>
            {
                for (ulong key = 0; key < 100; key++)
                {
                    sampler.Sample(new NegativeRequest(key, 3, [1, 2], scorer), items);
                }
            }));
        }
    }

    [Fact]
    public void A_sum_tree_is_the_same_whatever_the_order_of_updates()
    {
        var random = new Random(3);
        foreach (int size in new[] { 1, 15, 16, 17, 255, 256, 257, 5000 })
        {
            var weights = Enumerable.Range(0, size).Select(_ => (ulong)random.Next(100)).ToArray();
            weights[0] = 1;
            var ascending = new SumTree();
            var shuffled = new SumTree();
            for (int i = 0; i < size; i++)
            {
                ascending.Set(i, weights[i]);
            }

            int[] order = Enumerable.Range(0, size).ToArray();
            random.Shuffle(order);
            foreach (int i in order)
            {
                shuffled.Set(i, 1_000_000);
            }

            foreach (int i in order)
            {
                shuffled.Set(i, weights[i]);
            }

            Assert.Equal((ulong)weights.Sum(w => (decimal)w), ascending.Total);
            for (ulong n = 0; n < 2000; n++)
            {
                ulong bits = CounterRandom.At(9, n);
                int drawn = ascending.Draw(bits);
                Assert.Equal(drawn, shuffled.Draw(bits));
                Assert.True(weights[drawn] > 0);
            }

            // The draw inverts the cumulative sums: the first and the last number choose the ends.
            Assert.Equal(0, ascending.Draw(0));
            Assert.Equal(Array.FindLastIndex(weights, w => w > 0), ascending.Draw(ulong.MaxValue));
        }
    }

    [Fact]
    public void An_alias_table_of_one_and_of_equal_weights_draws_every_index()
    {
        Assert.Equal(0, new AliasTable([5]).Draw(ulong.MaxValue));
        var equal = new AliasTable([3, 3, 3, 3]);
        Assert.Equal([0, 1, 2, 3], Enumerable.Range(0, 4).Select(i => equal.Draw(((ulong)i << 62) + 1)));
        Assert.Throws<RecsysException>(() => new AliasTable([0, 0]));
    }

    private static bool DrawsOnlyUnseen(string text, ItemCounts counts, int[] history, int positive, ulong seed)
    {
        bool any = Enumerable.Range(0, counts.Items).Any(i => i != positive && !history.Contains(i));
        var spec = NegativeSamplerSpec.Parse(text);
        var items = new int[7];
        foreach (var sampler in new[] { spec.CreateFixed(counts), spec.CreateLive(counts) })
        {
            foreach (int item in Enumerable.Range(0, counts.Items))
            {
                sampler.Clicked(item);
            }

            for (ulong step = 0; step < 10; step++)
            {
                int drawn = sampler.Sample(
                    new NegativeRequest(CounterRandom.Derive(seed, step), positive, history, new Flat()), items);
                bool enough = spec.Source == NegativeBase.InBatch ? drawn is 0 or 7 : drawn == (any ? 7 : 0);
                if (!enough || items[..drawn].Any(i => i == positive || Array.BinarySearch(history, i) >= 0 || i >= counts.Items))
                {
                    return false;
                }
            }
        }

        return true;
    }

    private sealed class Flat : ICandidateScorer
    {
        public void Score(ReadOnlySpan<int> items, Span<float> scores) => scores[..items.Length].Clear();
    }
}
