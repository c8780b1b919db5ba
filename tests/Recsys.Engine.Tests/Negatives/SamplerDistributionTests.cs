using Recsys.Engine.Data;
using Recsys.Engine.Negatives;

namespace Recsys.Engine.Tests.Negatives;

public sealed class SamplerDistributionTests
{
    private const int Items = 60;
    private const int Draws = 60_000;
    private static readonly int[] History = [0, 3, 4, 17, 42, 59];

    [Theory]
    [InlineData("uniform")]
    [InlineData("popularity")]
    [InlineData("popularity:0.3")]
    [InlineData("popularity:1")]
    [InlineData("hard:4")]
    [InlineData("hard:3:popularity:0.5")]
    [InlineData("mixed:0.25:hard:8:popularity:0.75")]
    [InlineData("mixed:0.6:hard:2")]
    public void Draws_follow_the_distribution_over_unseen_items(string text)
    {
        var spec = NegativeSamplerSpec.Parse(text);
        var counts = PowerLaw();
        ChiSquare.AssertFits(Expected(spec, counts, History, 20), Count(spec.CreateFixed(counts), 1, History, 20));
        ChiSquare.AssertFits(Expected(spec, counts, History, 20), Count(spec.CreateLive(counts), 2, History, 20));
        ChiSquare.AssertFits(Expected(spec, counts, [], -1), Count(spec.CreateLive(counts), 3, [], -1));
    }

    [Theory]
    [InlineData("uniform")]
    [InlineData("popularity:0.75")]
    [InlineData("mixed:0.5:hard:3:popularity:1")]
    public void The_distribution_is_right_at_any_moment_while_counts_change_and_items_come(string text)
    {
        var spec = NegativeSamplerSpec.Parse(text);
        var counts = PowerLaw();
        var sampler = spec.CreateLive(counts);
        var random = new Random(5);
        for (int stage = 0; stage < 4; stage++)
        {
            for (int change = 0; change < 500; change++)
            {
                // Some items boom, some lose all their users, new ones appear.
                int item = random.Next(counts.Items + 3);
                int by = random.Next(3) == 0 ? -counts[item] : random.Next(20);
                sampler.CountChanged(item, counts.Add(item, by));
            }

            ChiSquare.AssertFits(Expected(spec, counts, History, 20), Count(sampler, (ulong)stage, History, 20, counts.Items));
        }

        Assert.True(counts.Items > Items);
    }

    [Fact]
    public void A_chi_square_that_ought_to_fail_fails()
    {
        var counts = PowerLaw();
        var drawn = Count(NegativeSamplerSpec.Popularity(0.75).CreateFixed(counts), 1, [], -1);
        Assert.True(ChiSquare.PValue(Expected(NegativeSamplerSpec.Popularity(0.8), counts, [], -1), drawn) < 1e-3);
    }

    [Fact]
    public void In_batch_negatives_are_the_other_clicks_of_the_window()
    {
        var sampler = new InBatchSampler(40, PowerLaw());
        for (int i = 0; i < 100; i++)
        {
            sampler.Clicked(i * i % 13);
        }

        var expected = new double[Items];
        int[] window = Enumerable.Range(60, 40).Select(i => i * i % 13).ToArray();
        Assert.Equal(window, sampler.ToArray());
        int[] allowed = window.Where(i => !History.Contains(i) && i != 1).ToArray();
        foreach (int item in allowed)
        {
            expected[item] += 1.0 / allowed.Length;
        }

        ChiSquare.AssertFits(expected, Count(sampler, 9, History, 1));
    }

    [Fact]
    public void In_batch_reports_popularity_as_its_probability()
    {
        var counts = PowerLaw();
        var sampler = NegativeSamplerSpec.Parse("in-batch:8").CreateFixed(counts);
        Assert.Equal(Math.Log((double)counts[7] / counts.Total), sampler.LogProbability(7), 1e-5);
    }

    [Theory]
    [InlineData("uniform")]
    [InlineData("popularity:0.6")]
    [InlineData("hard:3:popularity:0.6")]
    public void Reported_probabilities_sum_to_one(string text)
    {
        var counts = PowerLaw();
        var spec = NegativeSamplerSpec.Parse(text);
        foreach (var sampler in new[] { spec.CreateFixed(counts), spec.CreateLive(counts) })
        {
            Assert.Equal(1, Enumerable.Range(0, Items).Sum(i => Math.Exp(sampler.LogProbability(i))), 1e-4);
        }
    }

    [Theory]
    [InlineData("uniform")]
    [InlineData("popularity:0.75")]
    public void A_user_who_has_seen_nearly_everything_still_gets_the_right_distribution(string text)
    {
        // Three rare items are left of 1,000: rejection alone would hardly ever find one.
        var counts = new ItemCounts(1000);
        for (int i = 0; i < 1000; i++)
        {
            counts.Add(i, 1000);
        }

        int[] left = [17, 500, 999];
        counts.Add(17, -999);
        counts.Add(500, -990);
        counts.Add(999, -900);
        int[] history = Enumerable.Range(0, 1000).Except(left).ToArray();
        var spec = NegativeSamplerSpec.Parse(text);
        foreach (var sampler in new[] { spec.CreateFixed(counts), spec.CreateLive(counts) })
        {
            ChiSquare.AssertFits(Expected(spec, counts, history, -1), Count(sampler, 4, history, -1, 1000, draws: 1200));
        }
    }

    [Theory]
    [InlineData("uniform")]
    [InlineData("popularity:0.75")]
    [InlineData("in-batch")]
    [InlineData("hard:5")]
    [InlineData("mixed:0.5:hard:5:popularity")]
    public void A_user_who_has_seen_everything_gets_no_negatives(string text)
    {
        var counts = PowerLaw();
        var sampler = NegativeSamplerSpec.Parse(text).CreateLive(counts);
        sampler.Clicked(3);
        int[] all = Enumerable.Range(0, Items).ToArray();
        Assert.Equal(0, sampler.Sample(new NegativeRequest(1, 3, all, new ByItem()), new int[4]));
        Assert.Equal(0, sampler.Sample(new NegativeRequest(1, 30, all.Where(i => i != 30).ToArray(), new ByItem()), new int[4]));
    }

    [Fact]
    public void Where_only_items_without_users_are_left_they_are_drawn_alike()
    {
        var counts = new ItemCounts(4);
        counts.Add(1, 7);
        var sampler = NegativeSamplerSpec.Popularity().CreateLive(counts);
        ChiSquare.AssertFits([1 / 3.0, 0, 1 / 3.0, 1 / 3.0], Count(sampler, 8, [1], -1, 4, 3000));
    }

    [Fact]
    public void Samplers_of_a_part_of_the_items_draw_from_that_part_only()
    {
        var counts = PowerLaw();
        int[] part = [2, 3, 5, 7, 11, 13, 40, 41];
        var expected = new double[Items];
        foreach (int item in part.Except(History))
        {
            expected[item] = Math.Pow(counts[item], 0.75);
        }

        double sum = expected.Sum();
        ChiSquare.AssertFits(
            expected.Select(e => e / sum).ToArray(),
            Count(NegativeSamplerSpec.Popularity().CreateFixed(counts, part), 6, History, -1));
    }

    private static ItemCounts PowerLaw()
    {
        var counts = new ItemCounts(Items);
        for (int i = 0; i < Items; i++)
        {
            counts.Add(i, 1 + (int)(2000 / Math.Pow(1 + (i * 7 % Items), 1.1)));
        }

        return counts;
    }

    private static long[] Count(
        INegativeSampler sampler, ulong seed, int[] history, int positive, int items = Items, int draws = Draws)
    {
        var drawn = new long[items];
        var negatives = new int[4];
        var scorer = new ByItem();
        for (int step = 0; step < draws / negatives.Length; step++)
        {
            ulong key = CounterRandom.Derive(seed, (ulong)step);
            Assert.Equal(negatives.Length, sampler.Sample(new NegativeRequest(key, positive, history, scorer), negatives));
            foreach (int item in negatives)
            {
                drawn[item]++;
            }
        }

        return drawn;
    }

    private static double[] Expected(NegativeSamplerSpec spec, ItemCounts counts, int[] history, int positive)
    {
        var weights = new double[counts.Items];
        for (int i = 0; i < weights.Length; i++)
        {
            bool allowed = i != positive && Array.BinarySearch(history, i) < 0;
            weights[i] = !allowed ? 0 : spec.Source == NegativeBase.Uniform ? 1 : counts[i] == 0 ? 0 : Math.Pow(counts[i], spec.Exponent);
        }

        double sum = weights.Sum();
        var plain = weights.Select(w => w / sum).ToArray();
        if (spec.HardCandidates == 0)
        {
            return plain;
        }

        // The best of M is item i with P(all M score at most i's) − P(all M score less).
        var order = Enumerable.Range(0, plain.Length).OrderBy(ByItem.ScoreOf).ToArray();
        var expected = new double[plain.Length];
        double below = 0;
        foreach (int item in order)
        {
            double upTo = below + plain[item];
            double hard = Math.Pow(upTo, spec.HardCandidates) - Math.Pow(below, spec.HardCandidates);
            expected[item] = (spec.HardFraction * hard) + ((1 - spec.HardFraction) * plain[item]);
            below = upTo;
        }

        return expected;
    }

    /// <summary>A model whose scores are all different and in no order.</summary>
    private sealed class ByItem : ICandidateScorer
    {
        public static float ScoreOf(int item) => item * 37 % 211;

        public void Score(ReadOnlySpan<int> items, Span<float> scores)
        {
            for (int i = 0; i < items.Length; i++)
            {
                scores[i] = ScoreOf(items[i]);
            }
        }
    }
}
