using Recsys.Engine.Evaluation;

namespace Recsys.Engine.Tuning;

/// <summary>What a search found.</summary>
/// <param name="Metric">What was to be high.</param>
/// <param name="Trials">Everything measured, in order; a configuration stands once for each of its rungs.</param>
/// <param name="Best">The best of all; null where nothing could be measured.</param>
/// <param name="End">Why it ended.</param>
/// <param name="Seconds">Seconds it took.</param>
public sealed record TuningResult(Metric Metric, IReadOnlyList<Trial> Trials, Trial? Best, TuningEnd End, double Seconds)
{
    /// <summary>The best of each algorithm, in their order. A model measured on all items goes before one on the popular ones.</summary>
    public IReadOnlyList<Trial> BestOfEach { get; } =
        [.. Trials.Select(t => t.Model).Distinct().Select(m => BestOf(Trials.Where(t => t.Model == m))).OfType<Trial>()];

    /// <summary>Estimated seconds of training the best model on <see cref="TuningOptions.LastTraining"/>; 0 where unknown.</summary>
    public double LastTrainingSeconds { get; init; }

    /// <summary>
    /// Models whose last training has no room in the memory or in the time left, and why: they are not chosen while there is
    /// another.
    /// </summary>
    public IReadOnlyList<string> LeftOut { get; init; } = [];

    /// <summary>The best first: by items, then value; failed ones last.</summary>
    public static IReadOnlyList<Trial> Ranked(IEnumerable<Trial> trials) =>
        [.. trials.OrderBy(t => double.IsNaN(t.Value)).ThenByDescending(t => t.Items ?? int.MaxValue)
            .ThenByDescending(t => t.Value).ThenBy(t => t.Number).ThenBy(t => t.Rung)];

    internal static Trial? BestOf(IEnumerable<Trial> trials) => Ranked(trials).FirstOrDefault(t => !double.IsNaN(t.Value));
}
