namespace Recsys.Engine.Evaluation;

/// <summary>How often each item was recommended, over all users, at each of the plan's cutoffs.</summary>
internal sealed class RecommendationCounts
{
    private readonly EvaluationPlan _plan;
    private readonly long[][] _counts;

    public RecommendationCounts(EvaluationPlan plan, UserEvaluation[] workers, int items)
    {
        _plan = plan;
        _counts = [.. plan.CountCutoffs.Select(_ => new long[items])];
        foreach (var worker in workers)
        {
            for (int c = 0; c < _counts.Length; c++)
            {
                for (int i = 0; i < items; i++)
                {
                    _counts[c][i] += worker.Counts[c][i];
                }
            }

            for (int b = 0; b < PopularityBands.Count; b++)
            {
                HeldOut[b] += worker.HeldOut[b];
                Users[b] += worker.Users[b];
            }
        }
    }

    /// <summary>Held-out items to be found, by band.</summary>
    public long[] HeldOut { get; } = new long[PopularityBands.Count];

    /// <summary>Users with any of them, by band.</summary>
    public int[] Users { get; } = new int[PopularityBands.Count];

    /// <summary>Share of the catalogue recommended at least once.</summary>
    public double Coverage(int k)
    {
        var counts = At(k);
        return (double)counts.Count(c => c > 0) / counts.Length;
    }

    /// <summary>Σ (2i − n − 1) c₍ᵢ₎ / (n Σ c) with the counts c ascending and i from 1; 0 where nothing was recommended.</summary>
    public double Gini(int k)
    {
        long[] sorted = [.. At(k).Order()];
        double weighted = 0;
        double sum = 0;
        for (int i = 0; i < sorted.Length; i++)
        {
            weighted += ((2.0 * (i + 1)) - sorted.Length - 1) * sorted[i];
            sum += sorted[i];
        }

        return sum == 0 ? 0 : weighted / (sorted.Length * sum);
    }

    /// <summary>A band's share of the recommended places at the plan's exposure cutoff.</summary>
    public double Exposure(PopularityBand band, PopularityBands bands)
    {
        var counts = At(_plan.Exposure);
        long inBand = 0;
        long all = 0;
        for (int i = 0; i < counts.Length; i++)
        {
            all += counts[i];
            inBand += bands.BandOf(i) == band ? counts[i] : 0;
        }

        return all == 0 ? 0 : (double)inBand / all;
    }

    private long[] At(int k) => _counts[Array.IndexOf(_plan.CountCutoffs, k)];
}
