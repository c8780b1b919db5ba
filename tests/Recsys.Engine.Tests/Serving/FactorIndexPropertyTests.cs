using FsCheck;
using FsCheck.Fluent;
using Recsys.Engine.Models;
using Recsys.Engine.Numerics;
using Recsys.Engine.Serving;

namespace Recsys.Engine.Tests.Serving;

public sealed class FactorIndexPropertyTests
{
    [Fact]
    public void Any_filters_give_what_sorting_all_scores_gives() =>
        Prop.ForAll(Cases().ToArbitrary(), c => Enum.GetValues<FactorStorage>().All(storage =>
        {
            using var factors = c.Items();
            using var index = new FactorIndex(factors, storage);
            float[] user = c.Users(1)[0].Factors.ToArray();
            var scores = new float[c.ItemCount];
            index.Score(user, scores);
            var expected = TopNOracle.Select(scores, c.Seen, c.Filter, c.N);
            return Enum.GetValues<SimdLevel>().All(level =>
            {
                var results = new ScoredItem[c.N];
                int count = index.Top(user, c.Seen, c.Filter, results, level);
                return results.AsSpan(0, count).SequenceEqual(expected);
            });
        })).Check(Config.QuickThrowOnFailure.WithMaxTest(60));

    [Fact]
    public void A_batch_returns_for_each_user_what_a_single_query_returns() =>
        Prop.ForAll(Cases().ToArbitrary(), c => Enum.GetValues<FactorStorage>().All(storage =>
        {
            using var factors = c.Items();
            using var index = new FactorIndex(factors, storage, rescore: c.Seed % 2 == 0);
            var users = c.Users(c.UserCount);
            return Enum.GetValues<SimdLevel>().All(level =>
            {
                var results = new ScoredItem[users.Length * c.N];
                var counts = new int[users.Length];
                index.TopBatch(users, c.Filter, c.N, results, counts, level);
                return users.Select((user, u) =>
                {
                    var single = new ScoredItem[c.N];
                    int count = index.Top(user.Factors.Span, user.Items.Span, c.Filter, single, level);
                    return count == counts[u] && single.AsSpan(0, count).SequenceEqual(results.AsSpan(u * c.N, count));
                }).All(same => same);
            });
        })).Check(Config.QuickThrowOnFailure.WithMaxTest(40));

    [Fact]
    public void As_many_results_come_back_as_are_asked_for_whenever_that_many_items_are_eligible() =>
        Prop.ForAll(Cases().ToArbitrary(), c => Enum.GetValues<FactorStorage>().All(storage =>
        {
            using var factors = c.Items();
            using var index = new FactorIndex(factors, storage, rescore: true);
            int eligible = Enumerable.Range(0, c.ItemCount).Count(i => TopNOracle.IsEligible(i, c.Seen, c.Filter));
            var results = new ScoredItem[c.N];
            return index.Top(c.Users(1)[0].Factors.Span, c.Seen, c.Filter, results) == Math.Min(c.N, eligible);
        })).Check(Config.QuickThrowOnFailure.WithMaxTest(60));

    [Fact]
    public void A_batch_larger_than_one_pass_and_one_chunk_is_whole()
    {
        using var factors = FactorIndexTests.Random(3000, 48, seed: 4);
        var random = new Random(6);
        var users = Enumerable.Range(0, 2 * FactorBatch.MaxUsers + 3).Select(u => new UserProfile(
            Enumerable.Range(0, 3000).Where(_ => random.Next(10) == 0).ToArray(), default, FactorIndexTests.RandomUser(48, u))).ToArray();
        foreach (var storage in Enum.GetValues<FactorStorage>())
        {
            using var index = new FactorIndex(factors, storage, rescore: true);
            var results = new ScoredItem[users.Length * 10];
            var counts = new int[users.Length];
            index.TopBatch(users, ItemFilter.Default, 10, results, counts);
            for (int u = 0; u < users.Length; u++)
            {
                var single = new ScoredItem[10];
                Assert.Equal(10, index.Top(users[u].Factors.Span, users[u].Items.Span, ItemFilter.Default, single));
                Assert.Equal(10, counts[u]);
                Assert.Equal(single, results[(u * 10)..((u + 1) * 10)]);
            }
        }
    }

    private static Gen<Case> Cases() =>
        from seed in Gen.Choose(0, int.MaxValue)
        from items in Gen.Choose(0, 300)
        from k in Gen.Elements(1, 2, 3, 8, 17)
        from n in Gen.Choose(0, 40)
        from users in Gen.Choose(0, 20)
        select Case.Make(seed, items, k, n, users);

    private sealed record Case(int Seed, int ItemCount, int K, int N, int UserCount, int[] Seen, ItemFilter Filter)
    {
        public static Case Make(int seed, int items, int k, int n, int users)
        {
            var random = new Random(seed);
            int[] Some(int share) => [.. Enumerable.Range(0, items).Where(_ => random.Next(100) < share)];
            ReadOnlyMemory<ulong>? allowed = null;
            if (random.Next(2) == 0)
            {
                var words = new ulong[(items + 63) / 64];
                foreach (int i in Some(random.Next(100)))
                {
                    words[i >> 6] |= 1UL << (i & 63);
                }

                allowed = words;
            }

            var filter = new ItemFilter { KeepSeen = random.Next(4) == 0, Exclude = Some(random.Next(30)), Allowed = allowed };
            return new Case(seed, items, k, n, users, Some(random.Next(60)), filter);
        }

        // Few distinct values, so that equal scores are common.
        public DenseMatrix Items()
        {
            var random = new Random(Seed + 1);
            var factors = new DenseMatrix(ItemCount, K);
            for (int i = 0; i < ItemCount; i++)
            {
                foreach (ref float x in factors.Row(i))
                {
                    x = random.Next(-2, 3) / 2f;
                }
            }

            return factors;
        }

        public UserProfile[] Users(int count)
        {
            var random = new Random(Seed + 2);
            return [.. Enumerable.Range(0, count).Select(_ => new UserProfile(
                Enumerable.Range(0, ItemCount).Where(_ => random.Next(5) == 0).ToArray(),
                default,
                Enumerable.Range(0, K).Select(_ => random.Next(-2, 3) / 4f).ToArray()))];
        }
    }
}
