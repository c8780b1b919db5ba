using Recsys.Engine.Evaluation;

namespace Recsys.Engine.Tuning;

/// <summary>How long and on what a search chooses.</summary>
public sealed record TuningOptions
{
    /// <summary>What is to be as high as possible on the validation part.</summary>
    public Metric Metric { get; init; } = new(MetricKind.Ndcg, 100);

    /// <summary>Configurations of each algorithm at most.</summary>
    public int Trials { get; init; } = 60;

    /// <summary>Time for everything, the last training on <see cref="LastTraining"/> included; null: no limit.</summary>
    public TimeSpan? Budget { get; init; }

    /// <summary>
    /// The data that the best model is to be trained on afterwards, so that time is left for it; null: it is not.
    /// </summary>
    public Data.Dataset? LastTraining { get; init; }

    /// <summary>Seed of the choice of trials.</summary>
    public ulong Seed { get; init; } = 42;

    /// <summary>Threads of the measuring; 0: one per processor.</summary>
    public int Threads { get; init; }

    /// <summary>What time is taken from.</summary>
    public TimeProvider Clock { get; init; } = TimeProvider.System;

    /// <summary>Refuses what cannot be served.</summary>
    /// <exception cref="InvalidOptionException">An option is out of its range.</exception>
    public void Validate()
    {
        if (Metric.K < 1 || !Metric.IsAccuracy)
        {
            throw new InvalidOptionException($"{Metric}: a search needs a metric of accuracy, e.g. ndcg@100 or recall@20");
        }

        if (Trials < 1)
        {
            throw new InvalidOptionException($"trials: {Trials}; expected at least 1");
        }

        if (Budget is { } budget && budget <= TimeSpan.Zero)
        {
            throw new InvalidOptionException("the time of a search must be above 0");
        }
    }
}
