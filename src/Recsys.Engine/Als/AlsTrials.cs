using System.Diagnostics;
using Recsys.Engine.Compute;
using Recsys.Engine.Data;
using Recsys.Engine.Models;
using Recsys.Engine.Storage;
using Recsys.Engine.Tuning;

namespace Recsys.Engine.Als;

/// <summary>
/// ALS with many options on one data set: the rows are cut once, and a training of more iterations goes on from the
/// factors of an earlier one with the same other options, as long as there is room to keep these.
/// </summary>
internal sealed class AlsTrials(Dataset data) : ITrialTrainer
{
    private const long MostBytes = 2L << 30;

    private readonly List<(AlsOptions Options, FactorSnapshot Factors, double[] Losses)> _kept = [];
    private LocalRows? _rows;

    public IRecommenderModel Train(OptionBag options, IProgress<TrainingProgress>? progress, CancellationToken cancellationToken)
    {
        var parsed = new AlsAlgorithm().ParseFor(data, options);
        AlsTrainer.Require(data, parsed);
        long start = Stopwatch.GetTimestamp();
        _rows ??= LocalRows.Cut(data, 1);
        using var pool = new ComputePool(parsed.Threads);
        using var sides = new LocalSides(_rows, parsed, pool);
        var losses = Iterate(sides, parsed, progress, cancellationToken);

        // What is left after the last iteration: the users once more.
        Coordinator(sides, parsed, true).ResumeAsync(parsed.Iterations, progress, cancellationToken).GetAwaiter().GetResult();
        var facts = ModelFacts.OfTraining(
            AlsAlgorithm.AlgorithmName, AlsAlgorithm.ToJson(parsed), data, Stopwatch.GetElapsedTime(start).TotalSeconds, losses);
        return new AlsModel(data, parsed, sides.CollectUsers(), sides.CollectItems(), facts);
    }

    public void Dispose() => _kept.ForEach(k => k.Factors.Dispose());

    private static AlsCoordinator Coordinator(LocalSides sides, AlsOptions options, bool finish) =>
        new(options, sides.Problem, sides.Users, sides.Items) { FinishUsers = finish };

    /// <summary>All iterations, from where an earlier training of these options ended if it is kept. Returns all losses.</summary>
    private double[] Iterate(LocalSides sides, AlsOptions options, IProgress<TrainingProgress>? progress, CancellationToken cancellationToken)
    {
        var key = options with { Iterations = 1, Threads = 0, Partitions = 1 };
        int index = _kept.FindIndex(k => k.Options == key && k.Factors.Completed <= options.Iterations);
        var coordinator = Coordinator(sides, options, false);
        double[] losses;
        if (index >= 0)
        {
            var (_, factors, before) = _kept[index];
            sides.Restore(factors);
            losses = [.. before, .. coordinator.ResumeAsync(factors.Completed, progress, cancellationToken).GetAwaiter().GetResult()];
            _kept.RemoveAt(index);
            factors.Dispose();
        }
        else
        {
            losses = [.. coordinator.RunAsync(progress, cancellationToken).GetAwaiter().GetResult()];
        }

        Keep(key, sides.Snapshot(options.Iterations), losses);
        return losses;
    }

    /// <summary>Keeps factors; the oldest go when there is no more room.</summary>
    private void Keep(AlsOptions options, FactorSnapshot factors, double[] losses)
    {
        long most = Math.Min(MostBytes, MemoryBudget.AvailableBytes() / 4);
        _kept.Add((options, factors, losses));
        while (_kept.Count > 0 && _kept.Sum(k => k.Factors.Bytes) > most)
        {
            _kept[0].Factors.Dispose();
            _kept.RemoveAt(0);
        }
    }
}
