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
        var (rate, result) = await Search(Of(capacity), Of(capacity), tried).FindAsync(first, default);
        double most = capacity / SaturationSearch.LeastShare;
        Assert.InRange(rate, most / SaturationSearch.Precision, most);
        Assert.Equal(capacity, result!.Sustained, capacity * 0.07);
        Assert.All(tried, t => Assert.Equal(t.Rate <= most, t.Sustained));
        Assert.InRange(tried.Count, 3, 31);
    }

    [Fact]
    public async Task Answers_that_queue_or_fail_are_not_sustained_and_one_bad_moment_does_not_count()
    {
        var queueing = (double r) => Answer(r, r, r > 1000 ? 150_000 : 300);
        Assert.InRange((await Search(queueing, queueing).FindAsync(100, default)).Rate, 1000 / SaturationSearch.Precision, 1000);
        var failing = (double r) => Answer(r, r) with { Failed = 1 };
        Assert.Equal((0, null), await Search(failing, failing).FindAsync(64, default));
        Assert.InRange((await Search(BadAtFirst(), BadAtFirst()).FindAsync(500, default)).Rate, 1900, 2000 / SaturationSearch.LeastShare);

        static Func<double, LoadResult> BadAtFirst()
        {
            var seen = new HashSet<double>();
            return r => Answer(r, seen.Add(r) ? r / 2 : Math.Min(r, 2000));
        }
    }

    [Theory]
    [InlineData(5300, 5300)]
    [InlineData(5300, 4700)]
    [InlineData(5300, 40)]
    public async Task A_rate_that_passes_a_short_try_has_to_last_or_a_lower_one_does(double atFirst, double lasting)
    {
        var tried = new List<(double Rate, bool Sustained)>();
        var (rate, result) = await Search(Of(atFirst), r => Answer(r, Math.Min(r, lasting), 700), tried).FindAsync(500, default);
        double most = lasting / SaturationSearch.LeastShare;
        Assert.InRange(rate, most / SaturationSearch.Precision / SaturationSearch.Precision, most);
        Assert.Equal(700, result!.Latency.Quantile(0.5), 30.0);
        Assert.Equal((rate, true), tried[^1]);
    }

    [Fact]
    public async Task Where_nothing_lasts_there_is_no_rate() =>
        Assert.Equal((0, null), await Search(Of(5), r => Answer(r, 0)).FindAsync(2, default));

    private static SaturationSearch Search(
        Func<double, LoadResult> measure, Func<double, LoadResult> confirm, List<(double Rate, bool Sustained)>? tried = null) =>
        new(r => Task.FromResult(measure(r)), r => Task.FromResult(confirm(r)), mostP99: 100)
        {
            Measured = (r, _, sustained) => tried?.Add((r, sustained)),
        };

    private static Func<double, LoadResult> Of(double capacity) => r => Answer(r, Math.Min(r, capacity));

    private static LoadResult Answer(double asked, double answered, long microseconds = 300)
    {
        var latency = new LatencyHistogram();
        latency.Add(microseconds);
        return new LoadResult(asked, latency, 0, 0) { Sustained = answered };
    }
}
