using Recsys.Engine.Models;
using Recsys.Engine.Numerics;
using Recsys.Engine.Serving;

namespace Recsys.Engine.Tests.Serving;

public sealed class FactorIndexTests
{
    public static TheoryData<FactorStorage> Storages => [.. Enum.GetValues<FactorStorage>()];

    private static SimdLevel[] Levels => Enum.GetValues<SimdLevel>();

    [Fact]
    public void The_exact_ranking_is_the_double_precision_one_up_to_rounding()
    {
        foreach (var (items, k) in new[] { (1, 1), (15, 2), (16, 3), (17, 16), (257, 17), (1000, 63), (1003, 128), (300, 257) })
        {
            using var factors = Random(items, k, seed: k);
            using var index = new FactorIndex(factors);
            float[] user = RandomUser(k, seed: 7 * k);
            int[] seen = [.. Enumerable.Range(0, items).Where(i => i % 7 == 3)];
            foreach (var level in Levels)
            {
                var results = new ScoredItem[20];
                int count = index.Top(user, seen, ItemFilter.Default, results, level);
                Assert.Equal(Math.Min(20, items - seen.Length), count);
                AssertRanking(factors, user, seen, results.AsSpan(0, count));
            }
        }
    }

    [Theory]
    [MemberData(nameof(Storages))]
    public void Every_vector_width_gives_the_same_bits(FactorStorage storage)
    {
        foreach (int k in new[] { 1, 2, 5, 8, 64, 131 })
        {
            using var factors = Random(533, k, seed: k);
            using var index = new FactorIndex(factors, storage);
            float[] user = RandomUser(k, seed: 3);
            var expected = new float[533];
            index.Score(user, expected, SimdLevel.Portable);
            foreach (var level in Levels)
            {
                var scores = new float[533];
                index.Score(user, scores, level);
                Assert.Equal(expected, scores);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Storages))]
    public void Stored_scores_are_off_by_no_more_than_the_rounding_of_the_factors(FactorStorage storage)
    {
        const int K = 67;
        using var factors = Random(500, K, seed: 11);
        factors.Row(3).Clear();
        for (int f = 0; f < K; f++)
        {
            factors.Row(4)[f] *= 1e-6f; // subnormal as float16
        }

        using var index = new FactorIndex(factors, storage);
        float[] user = RandomUser(K, seed: 12);
        var scores = new float[500];
        index.Score(user, scores);
        float userMax = user.Max(Math.Abs);
        for (int i = 0; i < 500; i++)
        {
            float itemMax = 0;
            double exact = 0, magnitudes = 0, userMagnitudes = 0, itemMagnitudes = 0;
            for (int f = 0; f < K; f++)
            {
                float q = factors[i, f];
                itemMax = Math.Max(itemMax, Math.Abs(q));
                exact += (double)q * user[f];
                magnitudes += Math.Abs((double)q * user[f]);
                userMagnitudes += Math.Abs(user[f]);
                itemMagnitudes += Math.Abs(q);
            }

            double sums = K * Math.Pow(2, -24) * magnitudes;
            double bound = storage switch
            {
                FactorStorage.Float32 => sums,
                FactorStorage.BFloat16 => sums * 1.01 + (Math.Pow(2, -9) * magnitudes),
                FactorStorage.Float16 => sums * 1.01 + (Math.Pow(2, -12) * magnitudes) + (Math.Pow(2, -25) * userMagnitudes),
                _ => (0.5001 * itemMax / 127 * userMagnitudes) + (1.01 * userMax / 32767 * (itemMagnitudes + (K * itemMax / 254))) + 1e-5,
            };
            Assert.InRange(scores[i] - exact, -bound, bound);
        }
    }

    [Fact]
    public void Int8_sums_neither_overflow_nor_round_at_their_extremes()
    {
        const int K = 2048;
        using var factors = new DenseMatrix(4, K);
        for (int f = 0; f < K; f++)
        {
            factors[0, f] = 127;
            factors[1, f] = -127;
            factors[2, f] = (f & 1) == 0 ? 127 : -127;
            factors[3, f] = f == 5 ? 127 : 0;
        }

        using var index = new FactorIndex(factors, FactorStorage.Int8);
        float[] user = [.. Enumerable.Repeat(-3f, K)];
        foreach (var level in Levels)
        {
            var scores = new float[4];
            index.Score(user, scores, level);
            Assert.Equal(-3.0 * 127 * K, scores[0], 3.0 * 127 * K * 1e-3);
            Assert.Equal(3.0 * 127 * K, scores[1], 3.0 * 127 * K * 1e-3);
            Assert.Equal(0, scores[2]);
            Assert.Equal(-3.0 * 127, scores[3], 1);
        }
    }

    [Theory]
    [MemberData(nameof(Storages))]
    public void Equal_items_come_in_item_order(FactorStorage storage)
    {
        using var factors = new DenseMatrix(100, 9);
        for (int i = 0; i < 100; i++)
        {
            factors.Row(i).Fill(i % 2 == 0 ? 0.5f : 0.25f);
        }

        using var index = new FactorIndex(factors, storage, rescore: true);
        float[] user = [.. Enumerable.Repeat(1f, 9)];
        foreach (var level in Levels)
        {
            var results = new ScoredItem[60];
            Assert.Equal(60, index.Top(user, [4], ItemFilter.Default, results, level));
            var expected = Enumerable.Range(0, 50).Select(i => 2 * i).Where(i => i != 4).Concat(Enumerable.Range(0, 50).Select(i => (2 * i) + 1));
            Assert.Equal(expected.Take(60), results.Select(r => r.Item));
        }
    }

    [Theory]
    [InlineData(FactorStorage.BFloat16)]
    [InlineData(FactorStorage.Float16)]
    [InlineData(FactorStorage.Int8)]
    public void Rescored_results_are_those_of_float32_bit_for_bit(FactorStorage storage)
    {
        using var factors = Random(5000, 33, seed: 21);
        using var exact = new FactorIndex(factors);
        using var rounded = new FactorIndex(factors, storage, rescore: true);
        for (int u = 0; u < 20; u++)
        {
            float[] user = RandomUser(33, seed: 100 + u);
            foreach (int n in new[] { 1, 2, 20, 300 })
            {
                var expected = new ScoredItem[n];
                var results = new ScoredItem[n];
                Assert.Equal(n, exact.Top(user, [1, 7, 4999], ItemFilter.Default, expected));
                Assert.Equal(n, rounded.Top(user, [1, 7, 4999], ItemFilter.Default, results));
                Assert.Equal(expected, results);
            }
        }
    }

    [Theory]
    [InlineData(FactorStorage.BFloat16, false, 0.995)]
    [InlineData(FactorStorage.Float16, false, 0.998)]
    [InlineData(FactorStorage.Int8, false, 0.96)]
    [InlineData(FactorStorage.Int8, true, 0.9999)]
    public void The_twenty_best_of_rounded_factors_are_nearly_the_exact_ones(FactorStorage storage, bool rescore, double least)
    {
        using var factors = Random(30_000, 64, seed: 5);
        using var exact = new FactorIndex(factors);
        using var rounded = new FactorIndex(factors, storage, rescore);
        int same = 0;
        const int Queries = 200;
        var expected = new ScoredItem[20];
        var results = new ScoredItem[20];
        for (int u = 0; u < Queries; u++)
        {
            float[] user = RandomUser(64, seed: 1000 + u);
            exact.Top(user, [], ItemFilter.Default, expected);
            rounded.Top(user, [], ItemFilter.Default, results);
            same += results.Count(r => expected.Any(e => e.Item == r.Item));
        }

        Assert.InRange(same / (20.0 * Queries), least, 1);
    }

    [Fact]
    public void Parallel_copying_gives_the_same_index()
    {
        using var factors = Random(3001, 20, seed: 1);
        using var pool = new Recsys.Engine.Compute.ComputePool(3);
        using var alone = new FactorIndex(factors, FactorStorage.Int8);
        using var together = new FactorIndex(factors, FactorStorage.Int8, pool: pool);
        float[] user = RandomUser(20, seed: 2);
        var a = new float[3001];
        var b = new float[3001];
        alone.Score(user, a);
        together.Score(user, b);
        Assert.Equal(a, b);
        Assert.Equal(FactorIndex.EstimateBytes(3001, 20, FactorStorage.Int8), alone.Bytes);
    }

    [Fact]
    public void What_cannot_be_stored_or_asked_is_a_typed_error()
    {
        using var factors = Random(5, 3, seed: 1);
        using var index = new FactorIndex(factors);
        Assert.Throws<ArgumentException>(() => index.Top([1, 2], [], ItemFilter.Default, new ScoredItem[1]));
        Assert.Throws<ArgumentException>(() => index.Top([1, 2, float.NaN], [], ItemFilter.Default, new ScoredItem[1]));
        Assert.Throws<ArgumentException>(() => index.Score([1, 2, 3], new float[4]));
        Assert.Throws<ArgumentException>(() => index.TopBatch([new UserProfile(default, default, new float[3])], ItemFilter.Default, 5, new ScoredItem[4], new int[1]));
        Assert.Equal(0, index.Top([1, 2, 3], [], ItemFilter.Default, []));
        factors[2, 1] = 70_000;
        var tooLarge = Assert.Throws<RecsysException>(() => new FactorIndex(factors, FactorStorage.Float16));
        Assert.Contains("item 2: factor 1", tooLarge.Message, StringComparison.Ordinal);
        factors[2, 1] = float.NaN;
        foreach (var storage in Enum.GetValues<FactorStorage>())
        {
            Assert.Throws<RecsysException>(() => new FactorIndex(factors, storage));
        }

        using var none = new DenseMatrix(0, 3);
        using var empty = new FactorIndex(none);
        Assert.Equal(0, empty.Top([1, 2, 3], [], ItemFilter.Default, new ScoredItem[3]));
    }

    [Theory]
    [MemberData(nameof(Storages))]
    public void A_query_allocates_nothing(FactorStorage storage)
    {
        using var factors = Random(2000, 32, seed: 9);
        using var index = new FactorIndex(factors, storage, rescore: true);
        float[] user = RandomUser(32, seed: 2);
        var results = new ScoredItem[10];
        int[] seen = [1, 2];
        _ = index.Top(user, seen, ItemFilter.Default, results);
        Assert.Equal(0, Allocation.Least(() =>
        {
            for (int i = 0; i < 50; i++)
            {
                _ = index.Top(user, seen, ItemFilter.Default, results);
            }
        }));
    }

    internal static DenseMatrix Random(int items, int k, int seed)
    {
        var factors = new DenseMatrix(items, k);
        var random = new Random(seed);
        for (int i = 0; i < items; i++)
        {
            foreach (ref float x in factors.Row(i))
            {
                x = Gaussian(random);
            }
        }

        return factors;
    }

    internal static float[] RandomUser(int k, int seed)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, k).Select(_ => Gaussian(random))];
    }

    // Each score within the rounding of its sum (k · 2⁻²⁴ · Σ|products|), and so each place's, and all better than the rest.
    private static void AssertRanking(DenseMatrix factors, float[] user, int[] seen, ReadOnlySpan<ScoredItem> results)
    {
        var exact = new List<(int Item, double Score, double Error)>();
        for (int i = 0; i < factors.Rows; i++)
        {
            double score = 0, magnitudes = 0;
            for (int f = 0; f < user.Length; f++)
            {
                score += (double)user[f] * factors[i, f];
                magnitudes += Math.Abs((double)user[f] * factors[i, f]);
            }

            exact.Add((i, score, user.Length * Math.Pow(2, -24) * magnitudes));
        }

        double worst = exact.Max(e => e.Error);
        var eligible = exact.Where(e => !seen.Contains(e.Item)).OrderByDescending(e => e.Score).ThenBy(e => e.Item).ToList();
        Assert.Equal(results.Length, results.ToArray().Select(r => r.Item).Distinct().Count());
        for (int r = 0; r < results.Length; r++)
        {
            var own = exact[results[r].Item];
            Assert.DoesNotContain(own.Item, seen);
            Assert.InRange(results[r].Score - own.Score, -own.Error, own.Error);
            Assert.InRange(eligible[r].Score - own.Score, -2 * worst, 2 * worst);
        }
    }

    private static float Gaussian(Random random) =>
        (float)(Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble()));
}
