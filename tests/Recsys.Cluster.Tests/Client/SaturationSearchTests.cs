using Recsys.Cli.Load;
using Recsys.Engine.Serving;

namespace Recsys.Cluster.Tests.Client;

public sealed class SaturationSearchTests
{
    [Theory]
    [InlineData(500, 5300)]
    [InlineData(500, 500)]
    [InlineData(4000, 37)]
    public async Task The_found_rate_is_sustained_and_a_little_more_is_not(double first, double capacity)
    {
        var tried = new List<(double Rate, bool Sustained)>();
        var (rate, result) = await new SaturationSearch(r => Task.FromResult(Answer(r, Math.Min(r, capacity))), mostP99: 100)
        {
            Measured = (r, _, sustained) => tried.Add((r, sustained)),
        }.FindAsync(first, default);
        double most = capacity / SaturationSearch.LeastShare;
        Assert.InRange(rate, most / SaturationSearch.Precision, most);
        Assert.Equal(capacity, result!.Sustained, capacity * 0.07);
        Assert.All(tried, t => Assert.Equal(t.Rate <= most, t.Sustained));
        Assert.InRange(tried.Count, 3, 30);
    }

    [Fact]
    public async Task Answers_that_queue_or_fail_are_not_sustained_and_one_bad_moment_does_not_count()
    {
        var slow = new SaturationSearch(r => Task.FromResult(Answer(r, r, r > 1000 ? 150_000 : 300)), mostP99: 100);
        Assert.InRange((await slow.FindAsync(100, default)).Rate, 1000 / SaturationSearch.Precision, 1000);
        var failing = new SaturationSearch(r => Task.FromResult(Answer(r, r) with { Failed = 1 }), mostP99: 100);
        Assert.Equal((0, null), await failing.FindAsync(64, default));
        var bad = new HashSet<double>();
        var moments = new SaturationSearch(r => Task.FromResult(Answer(r, bad.Add(r) ? r / 2 : Math.Min(r, 2000))), mostP99: 100);
        Assert.InRange((await moments.FindAsync(500, default)).Rate, 1900, 2000 / SaturationSearch.LeastShare);
    }

    private static LoadResult Answer(double asked, double answered, long microseconds = 300)
    {
        var latency = new LatencyHistogram();
        latency.Add(microseconds);
        return new LoadResult(asked, latency, 0, 0) { Sustained = answered };
    }
}
