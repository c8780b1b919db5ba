using Recsys.Engine.Compute;
using Recsys.Engine.Evaluation;

namespace Recsys.Engine.Tests.Evaluation;

public sealed class BootstrapTests
{
    private static readonly EvaluationOptions Options = new() { Resamples = 400 };

    [Fact]
    public void Intervals_cover_the_true_mean_about_as_often_as_they_say()
    {
        // 300 samples of 80 exponential values with mean 1: a skewed distribution, as recall is
        using var pool = new ComputePool(2);
        var random = new Random(7);
        int covered = 0;
        const int Samples = 300;
        for (int s = 0; s < Samples; s++)
        {
            double[] values = [.. Enumerable.Range(0, 80).Select(_ => -Math.Log(1 - random.NextDouble()))];
            var interval = Bootstrap.Means([values], Options with { Seed = s }, pool, default)[0]!.Value;
            covered += interval.Low <= 1 && 1 <= interval.High ? 1 : 0;
        }

        // percentile intervals of 80 skewed values cover a little less than 95 %
        Assert.InRange(covered / (double)Samples, 0.89, 0.98);
    }

    [Fact]
    public void The_standard_error_is_that_of_the_mean()
    {
        using var pool = new ComputePool(2);
        var random = new Random(1);
        double[] values = [.. Enumerable.Range(0, 1003).Select(_ => random.NextDouble())];
        double mean = values.Average();
        double expected = Math.Sqrt(values.Sum(v => (v - mean) * (v - mean))) / values.Length;
        var interval = Bootstrap.Means([values], Options with { Resamples = 4000 }, pool, default)[0]!.Value;
        Assert.InRange(interval.StandardError / expected, 0.95, 1.05);
        Assert.InRange((mean - interval.Low) / (1.96 * expected), 0.9, 1.1);
        Assert.InRange((interval.High - mean) / (1.96 * expected), 0.9, 1.1);
    }

    [Fact]
    public void Resampled_means_equal_a_plain_loop_over_the_same_draws()
    {
        using var pool = new ComputePool(2);
        var random = new Random(3);
        double[] all = [.. Enumerable.Range(0, 37).Select(_ => random.NextDouble())];
        double[] some = [.. all.Select((v, u) => u % 3 == 0 ? double.NaN : v)];
        var means = Bootstrap.Resample([all, some, some], 21, 5, pool, default);
        for (int s = 0; s < 21; s++)
        {
            var draws = SplitMix64.ForStream(5, (ulong)s);
            int[] users = [.. Enumerable.Range(0, 37).Select(_ => draws.NextInt(37))];
            Assert.Equal(users.Average(u => all[u]), means[0][s], 12);
            Assert.Equal(users.Where(u => u % 3 != 0).Average(u => some[u]), means[1][s], 12);
            Assert.Equal(means[1][s], means[2][s]);
        }
    }

    [Fact]
    public void Any_number_of_threads_draws_the_same()
    {
        var random = new Random(4);
        double[][] columns = [.. Enumerable.Range(0, 3).Select(_ => Enumerable.Range(0, 101).Select(_ => random.NextDouble()).ToArray())];
        var expected = Run(1);
        Assert.Equal(expected, Run(2));
        Assert.Equal(expected, Run(7));
        Assert.NotEqual(expected, Run(1, seed: 43));

        Interval?[] Run(int threads, long seed = 42)
        {
            using var pool = new ComputePool(threads);
            return Bootstrap.Means(columns, Options with { Resamples = 99, Seed = seed }, pool, default);
        }
    }

    [Fact]
    public void Constant_values_have_no_width_and_missing_ones_no_interval()
    {
        using var pool = new ComputePool(1);
        var intervals = Bootstrap.Means([[0.5, 0.5, 0.5], [double.NaN, double.NaN, double.NaN]], Options, pool, default);
        Assert.Equal(new Interval(0.5, 0.5, 0), intervals[0]);
        Assert.Null(intervals[1]);
    }

    [Theory]
    [InlineData(0, 1)]
    [InlineData(1, 5)]
    [InlineData(0.5, 3)]
    [InlineData(0.125, 1.5)]
    public void Quantiles_interpolate_between_neighbours(double probability, double expected) =>
        Assert.Equal(expected, Bootstrap.Quantile([1, 2, 3, 4, 5], probability));

    [Fact]
    public void Draws_are_uniform()
    {
        var draws = SplitMix64.ForStream(1, 2);
        var counts = new int[7];
        for (int i = 0; i < 70_000; i++)
        {
            counts[draws.NextInt(7)]++;
        }

        // a count has standard deviation 93: this is beyond five of them
        Assert.All(counts, c => Assert.InRange(c, 9_500, 10_500));
    }

    [Theory]
    [InlineData(0.1, 0.02, 0.1, true)]
    [InlineData(0, 0.2, 1, false)]
    public void A_comparison_tells_a_real_difference_from_none(double shift, double lowest, double highest, bool real)
    {
        // two models on 400 users: the users differ much, the models little, which pairing takes out
        var (baseline, candidate) = Results(400, shift);
        var comparison = PairedComparison.Compare(baseline, candidate, new EvaluationOptions()).Single(c => c.Metric == new Metric(MetricKind.Mrr, 10));
        Assert.Equal(candidate["mrr@10"] - baseline["mrr@10"], comparison.Difference, 12);
        Assert.Equal(baseline["mrr@10"], comparison.Baseline);
        Assert.Equal(candidate["mrr@10"], comparison.Candidate);
        Assert.Equal(400, comparison.Users);
        Assert.Equal(real, comparison.Confidence.Low > 0);
        if (real)
        {
            Assert.InRange(comparison.PValue, 0.0009, 0.01);
            Assert.InRange(comparison.Difference, lowest, highest);
        }
        else
        {
            Assert.InRange(comparison.PValue, lowest, highest);
        }
    }

    [Fact]
    public void A_result_does_not_differ_from_itself()
    {
        var (result, _) = Results(50, 0);
        Assert.All(PairedComparison.Compare(result, result, new EvaluationOptions()), c =>
        {
            Assert.Equal(1, c.PValue);
            Assert.Equal(0, c.Difference);
        });
    }

    [Fact]
    public void Results_of_different_users_are_not_compared()
    {
        var (a, _) = Results(50, 0);
        var (b, _) = Results(51, 0);
        Assert.Throws<RecsysException>(() => PairedComparison.Compare(a, b, new EvaluationOptions()));
        Assert.Throws<InvalidOptionException>(() => PairedComparison.Compare(a, a, new EvaluationOptions { Resamples = 0 }));
    }

    /// <summary>Two models that put each user's one wanted item at a random place of ten, the second better by chance or by skill.</summary>
    private static (EvaluationResult Baseline, EvaluationResult Candidate) Results(int users, double skill)
    {
        var random = new Random(11);
        int[] places = [.. Enumerable.Range(0, users).Select(_ => random.Next(10))];
        int[] others = [.. places.Select(p => Math.Clamp(random.NextDouble() < skill * 5 ? p - 1 : p + random.Next(-1, 2), 0, 9))];
        if (skill == 0)
        {
            // one step up for every step down, so that there is truly nothing to find
            others = [.. places.Select((p, u) => u % 2 == 0 ? places[(u + 1) % users] : places[u - 1])];
        }

        return (Evaluate(places), Evaluate(others));

        EvaluationResult Evaluate(int[] placeOfUser)
        {
            using var model = new FakeModel(Matrices.Of(10, [.. Enumerable.Range(0, users).Select(_ => Array.Empty<int>())]), u =>
            {
                var scores = Enumerable.Range(0, 10).Select(i => (float)-i).ToArray();
                scores[9] = -placeOfUser[u] + 0.5f;
                return scores;
            });
            var heldOut = Matrices.Of(10, [.. Enumerable.Range(0, users).Select(_ => new[] { 9 })]);
            return Evaluator.Evaluate(
                model,
                EvaluationTask.Weak([.. Enumerable.Range(0, users)], heldOut),
                new EvaluationOptions { Metrics = Metric.ParseList("mrr@10,recall@3,coverage@1"), Resamples = 0, Threads = 1 });
        }
    }
}
