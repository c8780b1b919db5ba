namespace Recsys.Engine.Evaluation;

/// <summary>What is measured, and how surely.</summary>
public sealed record EvaluationOptions
{
    /// <summary>The metrics of the two published protocols and one of each other kind.</summary>
    public static IReadOnlyList<Metric> DefaultMetrics { get; } = Metric.ParseList(
        "recall@20,recall@50,ndcg@100,recall_full@20,ndcg@20,precision@20,hit_rate@20,mrr@20,map@20,coverage@20,novelty@20,gini@20");

    /// <summary>What is measured, in the order of reporting.</summary>
    public IReadOnlyList<Metric> Metrics { get; init; } = DefaultMetrics;

    /// <summary>
    /// Cutoffs for curves over K: every kind of <see cref="Metrics"/> that each user has a value for is measured at these
    /// too. None: no curves.
    /// </summary>
    public IReadOnlyList<int> CurveCutoffs { get; init; } = [];

    /// <summary>
    /// Whether held-out items the model does not know count as missed. By default they are left out, as in the
    /// protocols whose figures are published; how many they were is in the result either way.
    /// </summary>
    public bool UnknownAsMisses { get; init; }

    /// <summary>Resamples of the bootstrap over users; 0: no confidence intervals.</summary>
    public int Resamples { get; init; } = 1000;

    /// <summary>Probability that a confidence interval is to cover, between 0 and 1.</summary>
    public double Confidence { get; init; } = 0.95;

    /// <summary>Seed of the bootstrap.</summary>
    public long Seed { get; init; } = 42;

    /// <summary>Threads; 0: one per processor. The results do not depend on it.</summary>
    public int Threads { get; init; }

    /// <summary>Checks the options.</summary>
    /// <exception cref="InvalidOptionException">One of them is out of range.</exception>
    public void Validate()
    {
        if (Metrics.Count == 0)
        {
            throw new InvalidOptionException("no metric is named");
        }

        foreach (var metric in Metrics)
        {
            Require(Enum.IsDefined(metric.Kind) && metric.K >= 1, $"metric {metric.Kind}@{metric.K}: the cutoff must be at least 1");
        }

        foreach (int k in CurveCutoffs)
        {
            Require(k >= 1, $"curve cutoff {k}: must be at least 1");
        }

        Require(Resamples is 0 or >= 20, $"bootstrap resamples {Resamples}: must be 0 or at least 20");
        Require(Confidence is > 0 and < 1, $"confidence {Confidence}: must lie between 0 and 1");
        Require(Threads >= 0, $"threads {Threads}: must be 0 (one per processor) or more");
    }

    private static void Require(bool holds, string message)
    {
        if (!holds)
        {
            throw new InvalidOptionException(message);
        }
    }
}
