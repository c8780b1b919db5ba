namespace Recsys.Engine.Evaluation;

/// <summary>
/// The accuracy metrics on the held-out items of one popularity band: the same rankings of all unseen items, but only
/// the band's held-out items are hits, and only they stand in the denominators.
/// </summary>
/// <param name="Band">The band.</param>
/// <param name="Items">Items of the catalogue in the band.</param>
/// <param name="TrainingInteractions">Training interactions of these items.</param>
/// <param name="HeldOut">Held-out items to be found in the band.</param>
/// <param name="Users">Users with at least one of them: the averages are over these.</param>
/// <param name="Exposure">The band's share of all recommended places, at <see cref="EvaluationResult.ExposureCutoff"/>.</param>
/// <param name="Metrics">The accuracy metrics, in the order they were asked for.</param>
public sealed record BandResult(
    PopularityBand Band,
    int Items,
    long TrainingInteractions,
    long HeldOut,
    int Users,
    double Exposure,
    IReadOnlyList<MetricValue> Metrics)
{
    /// <summary>The band's value of a metric.</summary>
    /// <exception cref="InvalidOptionException">The metric was not measured.</exception>
    public double this[Metric metric] =>
        (Metrics.FirstOrDefault(m => m.Metric == metric) ?? throw new InvalidOptionException($"{metric} was not measured by band")).Value;
}
