namespace Recsys.Engine.Evaluation;

/// <summary>
/// The value of each accuracy metric for one user, from the zero-based ranks of the hits. Logarithms are tabulated once
/// for the longest ranking.
/// </summary>
internal sealed class RankingMetrics
{
    private readonly double[] _discounts;
    private readonly double[] _ideal;

    /// <summary>Prepares for rankings and cutoffs up to <paramref name="longest"/>.</summary>
    public RankingMetrics(int longest)
    {
        _discounts = new double[longest];
        _ideal = new double[longest + 1];
        for (int r = 0; r < longest; r++)
        {
            _discounts[r] = 1 / Math.Log2(r + 2);
            _ideal[r + 1] = _ideal[r] + _discounts[r];
        }
    }

    /// <summary>The metric's value for a user.</summary>
    /// <param name="metric">An accuracy metric.</param>
    /// <param name="hits">Zero-based ranks of the hits, ascending; those at K and beyond do not count.</param>
    /// <param name="relevant">Number of held-out items, at least 1.</param>
    public double Value(Metric metric, ReadOnlySpan<int> hits, int relevant)
    {
        int k = metric.K;
        int count = hits.Length;
        while (count > 0 && hits[count - 1] >= k)
        {
            count--;
        }

        hits = hits[..count];
        return metric.Kind switch
        {
            MetricKind.Recall => (double)count / Math.Min(k, relevant),
            MetricKind.RecallFull => (double)count / relevant,
            MetricKind.Ndcg => Gain(hits) / Ideal(Math.Min(k, relevant)),
            MetricKind.Precision => (double)count / k,
            MetricKind.HitRate => count > 0 ? 1 : 0,
            MetricKind.Mrr => count > 0 ? 1.0 / (hits[0] + 1) : 0,
            MetricKind.Map => PrecisionAtHits(hits) / Math.Min(k, relevant),
            _ => throw new ArgumentOutOfRangeException(nameof(metric), metric, "not an accuracy metric"),
        };
    }

    private static double PrecisionAtHits(ReadOnlySpan<int> hits)
    {
        double sum = 0;
        for (int h = 0; h < hits.Length; h++)
        {
            sum += (h + 1.0) / (hits[h] + 1);
        }

        return sum;
    }

    private double Gain(ReadOnlySpan<int> hits)
    {
        double gain = 0;
        foreach (int rank in hits)
        {
            gain += _discounts[rank];
        }

        return gain;
    }

    private double Ideal(int count)
    {
        if (count < _ideal.Length)
        {
            return _ideal[count];
        }

        // more held-out items (counted as missed) than the catalogue has: no ranking gets there, the ideal still does
        double ideal = _ideal[^1];
        for (int r = _ideal.Length - 1; r < count; r++)
        {
            ideal += 1 / Math.Log2(r + 2);
        }

        return ideal;
    }
}
