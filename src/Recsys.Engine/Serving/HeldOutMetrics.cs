using Recsys.Engine.Compute;
using Recsys.Engine.Data;
using Recsys.Engine.Evaluation;
using Recsys.Engine.Models;

namespace Recsys.Engine.Serving;

/// <summary>How well a model of given options does on users it has not seen (strong generalisation, Liang et al. 2018).</summary>
internal static class HeldOutMetrics
{
    private const double Share = 0.1;
    private const int MostUsers = 1000;
    private const ulong Seed = 42;

    /// <summary>Trains on the other users and measures; reports progress without losses, which are the final model's.</summary>
    public static IReadOnlyDictionary<string, double> Measure(
        IAlgorithm algorithm, Dataset data, OptionBag options, IProgress<TrainingProgress> progress, CancellationToken cancellationToken)
    {
        var split = Splitter.Split(data.ToLog(), new SplitOptions
        {
            Strategy = SplitStrategy.Strong,
            TestUsers = data.Users.Count * Share > MostUsers ? MostUsers : Share,
            ValidationUsers = 0,
            MinItemsPerUser = 2,
            Seed = Seed,
        });
        using var model = algorithm.Train(split.Train, options, new Quiet(progress), cancellationToken);
        var task = EvaluationTask.Strong(split.Test.FoldIn, split.Test.HeldOut);
        var chosen = new EvaluationOptions { Metrics = Metric.ParseList("recall@20,ndcg@100"), Resamples = 0 };
        var result = Evaluator.Evaluate(model, task, chosen, null, cancellationToken);
        return result.Metrics.ToDictionary(m => m.Metric.ToString(), m => m.Value);
    }

    private sealed class Quiet(IProgress<TrainingProgress> inner) : IProgress<TrainingProgress>
    {
        public void Report(TrainingProgress value) => inner.Report(value with { Phase = $"measuring, {value.Phase}", Loss = null });
    }
}
