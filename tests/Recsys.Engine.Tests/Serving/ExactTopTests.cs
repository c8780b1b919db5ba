using Recsys.Engine.Als;
using Recsys.Engine.Data;
using Recsys.Engine.Models;
using Recsys.Engine.Numerics;
using Recsys.Engine.Serving;
using Xunit.Abstractions;

namespace Recsys.Engine.Tests.Serving;

/// <summary>Rounded factors that answer only what is certain: then it is what exact ones answer, bit for bit.</summary>
public sealed class ExactTopTests(ITestOutputHelper output)
{
    private static readonly FactorStorage[] Rounded = [FactorStorage.BFloat16, FactorStorage.Float16, FactorStorage.Int8];

    [Fact]
    public void What_is_certain_is_what_float32_finds_whatever_the_factors_are()
    {
        int certain = 0, asked = 0;
        for (int seed = 0; seed < 60; seed++)
        {
            var random = new Random(seed);
            int k = random.Next(1, 70), items = random.Next(1, 3000), n = random.Next(1, 30);
            using var factors = Factors(random, items, k, heavyTails: seed % 3 == 0, grid: seed % 4 == 1);
            using var exact = new FactorIndex(factors);
            float[] user = [.. Enumerable.Range(0, k).Select(_ => (float)(random.NextDouble() - 0.5))];
            int[] seen = [.. Enumerable.Range(0, items).Where(_ => random.Next(10) == 0)];
            var expected = new ScoredItem[n];
            int count = exact.Top(user, seen, ItemFilter.Default, expected);
            foreach (var storage in Rounded)
            {
                using var index = new FactorIndex(factors, storage, rescore: true);
                foreach (var level in Enum.GetValues<SimdLevel>())
                {
                    var results = new ScoredItem[n];
                    asked++;
                    if (index.TryTopExact(user, seen, ItemFilter.Default, results, out int found, level))
                    {
                        certain++;
                        Assert.Equal(count, found);
                        Assert.Equal(expected[..count], results[..found]);
                    }
                }
            }
        }

        Assert.InRange(certain, asked / 10, asked);
    }

    [Theory]
    [InlineData(FactorStorage.Int8)]
    [InlineData(FactorStorage.BFloat16)]
    public void Items_that_rounding_cannot_tell_apart_are_not_certain(FactorStorage storage)
    {
        // A thousand items within half a step of each other, the best of them last.
        using var factors = new DenseMatrix(1000, 4);
        for (int i = 0; i < 1000; i++)
        {
            factors[i, 0] = 1;
            factors[i, 1] = 0.5f + (i * 1e-7f);
        }

        using var index = new FactorIndex(factors, storage, rescore: true);
        Assert.False(index.TryTopExact([0, 1, 0, 0], [], ItemFilter.Default, new ScoredItem[5], out _));
        using var ranking = new FactorRanking(factors);
        ranking.Prepare(new ServingOptions { Storage = storage });
        var results = new ScoredItem[5];
        Assert.Equal(5, ranking.Top([0, 1, 0, 0], [], ItemFilter.Default, results));
        Assert.Equal([999, 998, 997, 996, 995], results.Select(r => r.Item).Order().Reverse());
    }

    [Fact]
    public void Fewer_eligible_items_than_candidates_are_always_certain()
    {
        using var factors = Factors(new Random(1), 40, 8, heavyTails: false, grid: true);
        using var exact = new FactorIndex(factors);
        using var index = new FactorIndex(factors, FactorStorage.Int8, rescore: true);
        float[] user = [1, 2, 3, 4, 5, 6, 7, 8];
        var expected = new ScoredItem[10];
        exact.Top(user, [], ItemFilter.Default, expected);
        var results = new ScoredItem[10];
        Assert.True(index.TryTopExact(user, [], ItemFilter.Default, results, out int found));
        Assert.Equal(10, found);
        Assert.Equal(expected, results);
    }

    [Fact]
    public void Factors_of_no_length_and_of_next_to_none_are_left_to_float32()
    {
        using var factors = Factors(new Random(1), 400, 8, heavyTails: false, grid: false);
        using var index = new FactorIndex(factors, FactorStorage.Int8, rescore: true);
        Assert.False(index.TryTopExact(new float[8], [], ItemFilter.Default, new ScoredItem[10], out _));
        Assert.False(index.TryTopExact([1e-40f, 0, 0, 0, 0, 0, 0, 0], [], ItemFilter.Default, new ScoredItem[10], out _));
    }

    [Fact]
    public void Small_catalogues_keep_float32_and_large_ones_int8_unless_told_otherwise()
    {
        Assert.Equal(FactorStorage.Float32, ServingOptions.Default.StorageFor(3502));
        Assert.Equal(FactorStorage.Int8, ServingOptions.Default.StorageFor(40_981));
        Assert.Equal(FactorStorage.Float32, new ServingOptions { Storage = FactorStorage.Float32 }.StorageFor(40_981));
    }

    [RealDataTheory]
    [InlineData("ml-1m/train.tsv", 20, 0.95)]
    [InlineData("gowalla/train.txt", 20, 0.95)]
    [InlineData("gowalla/train.txt", 100, 0.95)]
    [Trait("Category", "Long")]
    public void On_real_factors_the_answers_are_brute_forces_and_nearly_all_are_certain(string file, int n, double least)
    {
        using var model = AlsTrainer.Train(Dataset.Load(RealData.Path(file)), new AlsOptions { Factors = 128, Iterations = 8 });
        var scores = new float[model.Items.Count];
        foreach (var storage in Rounded)
        {
            using var index = new FactorIndex(model.ItemFactors, storage, rescore: true);
            using var ranking = new FactorRanking(model.ItemFactors);
            ranking.Prepare(new ServingOptions { Storage = storage });
            int certain = 0, asked = 0;
            for (int u = 0; u < model.Users.Count; u += 11)
            {
                var user = model.GetUser(u);
                model.Score(user, scores);
                var expected = new ScoredItem[n];
                int count = TopN.Select(scores, user.Items.Span, ItemFilter.Default, expected);
                var results = new ScoredItem[n];
                asked++;
                certain += index.TryTopExact(user.Factors.Span, user.Items.Span, ItemFilter.Default, results, out _) ? 1 : 0;
                int found = ranking.Top(user.Factors.Span, user.Items.Span, ItemFilter.Default, results);
                Assert.Equal(count, found);
                Assert.Equal(expected, results);
            }

            output.WriteLine($"{file}, top {n}, {storage}: {certain} of {asked} certain at once ({certain / (double)asked:P2})");
            Assert.InRange(certain / (double)asked, least, 1);
        }
    }

    private static DenseMatrix Factors(Random random, int items, int k, bool heavyTails, bool grid)
    {
        var factors = new DenseMatrix(items, k);
        for (int i = 0; i < items; i++)
        {
            double scale = heavyTails ? Math.Exp(3 * random.NextDouble()) : 1;
            for (int f = 0; f < k; f++)
            {
                double x = scale * (random.NextDouble() - 0.4);
                factors[i, f] = (float)(grid ? Math.Round(4 * x) / 4 : x);
            }
        }

        return factors;
    }
}
