using Recsys.Engine.Compute;

namespace Recsys.Engine.Evaluation;

/// <summary>
/// Compares two results on the same users by the paired bootstrap: users are drawn with replacement and each brings
/// the difference of its two values, so what makes some users easier than others for both models cancels out.
/// </summary>
public static class PairedComparison
{
    /// <summary>Compares every metric that both results have by user, in the baseline's order.</summary>
    /// <param name="baseline">What is compared with.</param>
    /// <param name="candidate">What is compared.</param>
    /// <param name="options">Resamples, confidence, seed and threads are taken from here.</param>
    /// <param name="cancellationToken">Stops the work.</param>
    /// <exception cref="RecsysException">The results are not of the same users and held-out items.</exception>
    /// <exception cref="InvalidOptionException">An option is out of range, or the results share no metric.</exception>
    public static IReadOnlyList<MetricComparison> Compare(
        EvaluationResult baseline, EvaluationResult candidate, EvaluationOptions options, CancellationToken cancellationToken = default)
    {
        options.Validate();
        if (options.Resamples == 0)
        {
            throw new InvalidOptionException("bootstrap resamples 0: a comparison needs at least 20");
        }

        if (!baseline.UserRows.SequenceEqual(candidate.UserRows) || baseline.HeldOut != candidate.HeldOut)
        {
            throw new RecsysException(
                $"compare: the results are not of the same users and held-out items ({baseline.Users} and {candidate.Users} users, {baseline.HeldOut} and {candidate.HeldOut} items)");
        }

        Metric[] metrics =
        [
            .. baseline.Metrics.Select(m => m.Metric).Where(m => m.IsPerUser).Intersect(candidate.Metrics.Select(m => m.Metric)),
        ];
        if (metrics.Length == 0)
        {
            throw new InvalidOptionException("compare: the results share no metric that has a value by user");
        }

        double[][] differences = [.. metrics.Select(m => Difference(baseline.PerUser(m), candidate.PerUser(m)))];
        using var pool = new ComputePool(options.Threads);
        var resampled = Bootstrap.Resample(differences, options.Resamples, options.Seed, pool, cancellationToken);
        return
        [
            .. metrics.Select((m, c) => One(m, differences[c], resampled[c], baseline.PerUser(m), candidate.PerUser(m), options.Confidence)),
        ];
    }

    private static MetricComparison One(
        Metric metric, double[] differences, double[] resampled, ReadOnlySpan<double> baseline, ReadOnlySpan<double> candidate, double confidence)
    {
        double difference = Evaluator.Mean(differences);

        // Under no difference the resampled means spread around 0 as they now spread around the difference found.
        int asExtreme = resampled.Count(mean => Math.Abs(mean - difference) >= Math.Abs(difference));
        double pValue = (1.0 + asExtreme) / (resampled.Length + 1.0);
        var interval = Bootstrap.Summarize(resampled, confidence) ?? new Interval(double.NaN, double.NaN, double.NaN);
        return new MetricComparison(
            metric,
            MeanWhereDefined(baseline, differences),
            MeanWhereDefined(candidate, differences),
            difference,
            interval,
            pValue,
            differences.Count(d => !double.IsNaN(d)));
    }

    private static double[] Difference(ReadOnlySpan<double> baseline, ReadOnlySpan<double> candidate)
    {
        var differences = new double[baseline.Length];
        for (int u = 0; u < differences.Length; u++)
        {
            differences[u] = candidate[u] - baseline[u];
        }

        return differences;
    }

    private static double MeanWhereDefined(ReadOnlySpan<double> values, double[] differences)
    {
        var defined = values.ToArray();
        for (int u = 0; u < defined.Length; u++)
        {
            defined[u] = double.IsNaN(differences[u]) ? double.NaN : defined[u];
        }

        return Evaluator.Mean(defined);
    }
}
