using Recsys.Engine.Evaluation;

namespace Recsys.Engine.Online.Prequential;

/// <summary>How one strategy did.</summary>
/// <param name="Strategy">Its name.</param>
/// <param name="Metrics">Means over the scored events, with intervals by bootstrap over users.</param>
/// <param name="Gains">Difference to the first strategy, paired over users; empty for that one and without resamples.</param>
/// <param name="Slices">Each metric in each slice of the stream: [metric][slice], NaN where nothing was scored.</param>
/// <param name="Bands">Each metric by band of the true item (head, mid, tail, new): [metric][band], with intervals.</param>
/// <param name="TrainSeconds">Seconds of training on the first part.</param>
/// <param name="ScoreSeconds">Seconds of scoring and ranking.</param>
/// <param name="LearnSeconds">Seconds of learning.</param>
/// <param name="EventsPerSecond">Events scored and learned a second.</param>
/// <param name="LearnedPerSecond">Events learned a second, scoring not counted.</param>
public sealed record StrategyResult(
    string Strategy,
    IReadOnlyList<MetricValue> Metrics,
    IReadOnlyList<MetricValue> Gains,
    IReadOnlyList<double[]> Slices,
    IReadOnlyList<MetricValue[]> Bands,
    double TrainSeconds,
    double ScoreSeconds,
    double LearnSeconds,
    double EventsPerSecond,
    double LearnedPerSecond);
