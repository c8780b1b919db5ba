using Recsys.Engine.Compute;
using Recsys.Engine.Data;
using Recsys.Engine.Evaluation;

namespace Recsys.Engine.Online.Prequential;

/// <summary>
/// The scored events of a replay, the same for every strategy, and what ranks amount to over them. A mean is over events;
/// its interval comes from drawing users with all their events, since those of one user are not independent.
/// </summary>
internal sealed class PrequentialQuestions
{
    private const int NewItems = 3;
    private readonly PrequentialOptions _options;
    private readonly List<(int Event, int User, int Band, int Slice)> _scored = [];

    public PrequentialQuestions(
        InteractionLog log, int[] order, int trained, PopularityBands bands, int[] ranks, PrequentialOptions options)
    {
        _options = options;
        var users = new Dictionary<int, int>();
        int count = ranks.Length;
        for (int e = 0; e < count; e++)
        {
            if (ranks[e] > 0)
            {
                int item = log.Items[order[trained + e]];
                int user = log.Users[order[trained + e]];
                users.TryAdd(user, users.Count);
                int band = bands.Popularity(item) == 0 ? NewItems : (int)bands.BandOf(item);
                _scored.Add((e, users[user], band, (int)((long)e * options.Slices / count)));
            }
        }

        Users = users.Count;
        Bands = [.. Enumerable.Range(0, NewItems + 1).Select(b => _scored.Count(s => s.Band == b))];
        var times = new long[options.Slices];
        for (int s = 0; s < options.Slices; s++)
        {
            times[s] = log.Times[order[trained + Math.Max(0, (int)((long)count * (s + 1) / options.Slices) - 1)]];
        }

        SliceTimes = times;
    }

    /// <summary>Names of the bands.</summary>
    public static IReadOnlyList<string> BandNames { get; } = ["head", "mid", "tail", "new"];

    public int Scored => _scored.Count;

    public int Users { get; }

    public IReadOnlyList<int> Bands { get; }

    public IReadOnlyList<long> SliceTimes { get; }

    /// <summary>The value of a metric for one true item at a rank.</summary>
    public static double Value(Metric metric, int rank) => rank > metric.K ? 0 : metric.Kind switch
    {
        MetricKind.Ndcg => 1 / Math.Log2(1 + rank),
        MetricKind.Precision => 1.0 / metric.K,
        MetricKind.Mrr or MetricKind.Map => 1.0 / rank,
        _ => 1,
    };

    public StrategyResult Summarize(string name, int[] ranks, int[]? baseline, ComputePool pool, CancellationToken cancellationToken)
    {
        var values = new List<MetricValue>();
        var gains = new List<MetricValue>();
        var slices = new List<double[]>();
        var bands = new List<MetricValue[]>();
        foreach (var metric in _options.Metrics)
        {
            double Of(int e) => Value(metric, ranks[e]);
            values.Add(Mean(metric, Of, _ => true, pool, cancellationToken));
            bands.Add([.. Enumerable.Range(0, NewItems + 1).Select(b => Mean(metric, Of, s => s.Band == b, pool, cancellationToken))]);
            slices.Add(Slices(Of));
            if (baseline is not null)
            {
                gains.Add(Mean(metric, e => Value(metric, ranks[e]) - Value(metric, baseline[e]), _ => true, pool, cancellationToken));
            }
        }

        return new StrategyResult(name, values, gains, slices, bands, 0, 0, 0, 0, 0);
    }

    private double[] Slices(Func<int, double> of)
    {
        var sums = new double[_options.Slices];
        var counts = new int[_options.Slices];
        foreach (var s in _scored)
        {
            sums[s.Slice] += of(s.Event);
            counts[s.Slice]++;
        }

        return [.. sums.Zip(counts, (sum, n) => n == 0 ? double.NaN : sum / n)];
    }

    // Sums and numbers of events by user; their ratio over each draw of users is a mean over events.
    private MetricValue Mean(
        Metric metric,
        Func<int, double> of,
        Func<(int Event, int User, int Band, int Slice), bool> which,
        ComputePool pool,
        CancellationToken cancellationToken)
    {
        var sums = new double[Users];
        var counts = new double[Users];
        foreach (var s in _scored)
        {
            if (which(s))
            {
                sums[s.User] += of(s.Event);
                counts[s.User]++;
            }
        }

        double events = counts.Sum();
        double mean = events == 0 ? double.NaN : sums.Sum() / events;
        if (_options.Resamples == 0 || events == 0)
        {
            return new MetricValue(metric, mean, null);
        }

        double[][] drawn = Bootstrap.Resample([sums, counts], _options.Resamples, (long)_options.Seed, pool, cancellationToken);
        double[] means = [.. drawn[0].Zip(drawn[1], (sum, n) => n == 0 ? double.NaN : sum / n)];
        return new MetricValue(metric, mean, Bootstrap.Summarize(means, _options.Confidence));
    }
}
