using System.Diagnostics;
using Recsys.Engine.Compute;
using Recsys.Engine.Models;

namespace Recsys.Engine.Evaluation;

/// <summary>
/// Measures how well a model recommends held-out items: for every user all unseen items are ranked and the first K
/// places compared with the held-out ones. Exact definitions: docs/evaluation.md. The result is the same, bit for
/// bit, for any number of threads.
/// </summary>
public static class Evaluator
{
    private const int UsersPerReport = 256;

    /// <summary>Evaluates on threads of its own, <see cref="EvaluationOptions.Threads"/> of them.</summary>
    /// <exception cref="InvalidOptionException">An option is out of range.</exception>
    /// <exception cref="RecsysException">The task does not fit the model, or no user has a held-out item that counts.</exception>
    public static EvaluationResult Evaluate(
        IRecommenderModel model,
        EvaluationTask task,
        EvaluationOptions options,
        IProgress<TrainingProgress>? progress = null,
        CancellationToken cancellationToken = default)
    {
        options.Validate();
        using var pool = new ComputePool(options.Threads);
        return Evaluate(model, task, options, pool, progress, cancellationToken);
    }

    /// <summary>Evaluates on the threads of <paramref name="pool"/>.</summary>
    /// <exception cref="InvalidOptionException">An option is out of range.</exception>
    /// <exception cref="RecsysException">The task does not fit the model, or no user has a held-out item that counts.</exception>
    public static EvaluationResult Evaluate(
        IRecommenderModel model,
        EvaluationTask task,
        EvaluationOptions options,
        ComputePool pool,
        IProgress<TrainingProgress>? progress = null,
        CancellationToken cancellationToken = default)
    {
        options.Validate();
        task.RequireFits(model);
        long start = Stopwatch.GetTimestamp();
        var sets = RelevanceSets.Of(task, model, options.UnknownAsMisses);
        if (sets.Rows.Length == 0)
        {
            throw new RecsysException(
                $"evaluation: none of {task.HeldOut.Rows} users has a held-out item to be found ({sets.Unknown} are unknown to the model, {sets.Seen} in the user's history)");
        }

        var plan = new EvaluationPlan(options, model.Items.Count);
        var bands = PopularityBands.Of(model.Histories);
        var metrics = new RankingMetrics(plan.ListLength);
        var values = new double[plan.Columns][];
        for (int c = 0; c < values.Length; c++)
        {
            values[c] = new double[sets.Rows.Length];
        }

        var workers = new UserEvaluation?[pool.Threads];
        var report = new ProgressCounter(progress, "evaluate", sets.Rows.Length, UsersPerReport);
        pool.Run(
            sets.Rows.Length,
            (worker, position) =>
            {
                workers[worker] ??= new UserEvaluation(plan, model, task, sets, bands, metrics, values);
                workers[worker]!.Run(position);
                report.Add();
            },
            cancellationToken);

        var intervals = options.Resamples == 0
            ? new Interval?[plan.CurveColumn]
            : Bootstrap.Means(values.AsSpan(0, plan.CurveColumn).ToArray(), options, pool, cancellationToken);
        var totals = new RecommendationCounts(plan, [.. workers.OfType<UserEvaluation>()], model.Items.Count);
        return new EvaluationResult(sets.Rows, plan.Overall.Select((m, c) => (m, c)).ToDictionary(p => p.m, p => values[p.c]))
        {
            Algorithm = model.Algorithm,
            Options = options,
            Metrics = [.. plan.Metrics.Select(m => Overall(m, plan, values, intervals, totals))],
            Curves = [.. plan.Curves.Select((m, c) => new MetricValue(m, Mean(values[plan.CurveColumn + c])))],
            Bands = [.. Enumerable.Range(0, PopularityBands.Count).Select(b => Band(b, plan, values, intervals, totals, bands))],
            UsersWithoutHeldOut = task.HeldOut.Rows - sets.Rows.Length,
            UnknownUsers = task.UnknownUsers,
            HeldOut = sets.Known + (options.UnknownAsMisses ? sets.Unknown : 0),
            HeldOutUnknown = sets.Unknown,
            HeldOutSeen = sets.Seen,
            UnknownHistoryItems = task.UnknownHistoryItems,
            Seconds = Stopwatch.GetElapsedTime(start).TotalSeconds,
        };
    }

    /// <summary>The mean of the defined values; NaN where there is none. Compensated summation in order (Neumaier).</summary>
    internal static double Mean(double[] values)
    {
        double sum = 0;
        double lost = 0;
        int count = 0;
        foreach (double value in values)
        {
            if (double.IsNaN(value))
            {
                continue;
            }

            double next = sum + value;
            lost += Math.Abs(sum) >= Math.Abs(value) ? sum - next + value : value - next + sum;
            sum = next;
            count++;
        }

        return count == 0 ? double.NaN : (sum + lost) / count;
    }

    private static MetricValue Overall(
        Metric metric, EvaluationPlan plan, double[][] values, Interval?[] intervals, RecommendationCounts totals)
    {
        if (metric.IsPerUser)
        {
            int column = Array.IndexOf(plan.Overall, metric);
            return new MetricValue(metric, Mean(values[column]), intervals[column]);
        }

        return new MetricValue(metric, metric.Kind == MetricKind.Coverage ? totals.Coverage(metric.K) : totals.Gini(metric.K));
    }

    private static BandResult Band(
        int band, EvaluationPlan plan, double[][] values, Interval?[] intervals, RecommendationCounts totals, PopularityBands bands)
    {
        int first = plan.BandColumn(band);
        return new BandResult(
            (PopularityBand)band,
            bands.Items((PopularityBand)band),
            bands.Interactions((PopularityBand)band),
            totals.HeldOut[band],
            totals.Users[band],
            totals.Exposure((PopularityBand)band, bands),
            [.. plan.Banded.Select((m, c) => new MetricValue(m, Mean(values[first + c]), intervals[first + c]))]);
    }
}
